//! `apply --prune`: what the file does not name goes, and only on demand.

use super::Place;

/// A tenant with more in it than the file will name.
fn crowded() -> Place {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    for tenant in ["default", "acme"] {
        place.ok(&["client", "create", "kept", "--tenant", tenant]);
        place.ok(&["client", "create", "extra", "--tenant", tenant]);
        place.ok(&["user", "create", "kept", "--tenant", tenant]);
        place.ok(&["user", "create", "extra", "--tenant", tenant]);
        place.ok(&[
            "user", "create", "root", "--tenant", tenant, "--roles", "admin",
        ]);
        place.ok(&[
            "resource",
            "put",
            "https://extra.example",
            "--tenant",
            tenant,
        ]);
    }
    place.write(
        "users-core.toml",
        "[[client]]\nclient_id = 'kept'\n[[user]]\nusername = 'kept'\n",
    );
    place
}

#[test]
fn nothing_absent_is_removed_without_prune() {
    let place = crowded();
    assert_eq!(place.ok(&["apply"]), "");
    assert_eq!(place.run(&["plan"]).code, Some(0));
}

#[test]
fn prune_removes_what_the_file_does_not_name_in_the_tenants_it_names() {
    let place = crowded();
    let planned = place.run(&["plan", "--prune"]);
    let expected = "- client extra\n- user extra\n- resource https://extra.example\n";
    assert_eq!((planned.code, planned.stdout.as_str()), (Some(2), expected));
    assert!(planned.stderr.contains("user root stays"), "{planned:?}");
    assert_eq!(place.ok(&["apply", "--prune"]), expected);
    assert_eq!(place.run(&["plan", "--prune"]).code, Some(0));
    let names = |tenant: &str| {
        let users = place.json(&["user", "list", "--tenant", tenant]);
        let users = users.as_array().expect("a list").clone();
        let names = users
            .iter()
            .map(|user| user["username"].as_str().expect("a name").to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        names("default"),
        ["kept", "root"],
        "the last administrator stays"
    );
    assert_eq!(
        names("acme"),
        ["extra", "kept", "root"],
        "nobody named this tenant"
    );
}

#[test]
fn prune_can_be_told_what() {
    let place = crowded();
    assert_eq!(
        place.run(&["plan", "--prune=clients"]).stdout,
        "- client extra\n"
    );
    let two = place.run(&["plan", "--prune=users,resources"]).stdout;
    assert_eq!(two, "- user extra\n- resource https://extra.example\n");
    assert_eq!(place.run(&["plan", "--prune=tenants"]).code, Some(2));
    assert_eq!(place.run(&["plan", "--prune=tenants"]).stdout, "");
}

#[test]
fn an_administrator_goes_where_the_file_declares_another() {
    let place = crowded();
    place.write(
        "users-core.toml",
        "[[user]]\nusername = 'boss'\nroles = ['admin']\n",
    );
    let printed = place.ok(&["apply", "--prune=users"]);
    assert_eq!(
        printed,
        "+ user boss\n- user extra\n- user kept\n- user root\n"
    );
}

#[test]
fn a_scope_that_goes_with_its_resource_is_nobodys() {
    let place = Place::new();
    place.ok(&[
        "resource",
        "put",
        "https://files.example",
        "--scopes",
        "files.read",
    ]);
    place.write(
        "users-core.toml",
        "[[client]]\nclient_id = 'web'\nscope = 'files.read'\n",
    );
    assert_eq!(place.run(&["plan"]).code, Some(2));
    let said = place.refused(&["apply", "--prune"]);
    assert!(said.contains("no resource has \"files.read\""), "{said}");
}

#[test]
fn a_name_that_was_deleted_today_is_refused_before_anything_is_written() {
    let place = Place::new();
    place.ok(&["client", "create", "web"]);
    place.ok(&["client", "delete", "web"]);
    place.write(
        "users-core.toml",
        "[[client]]\nclient_id = 'web'\n[[client]]\nclient_id = 'other'\n",
    );
    let said = place.refused(&["apply"]);
    assert!(
        said.contains("users-core.toml:1 client web: client_id: "),
        "{said}"
    );
    assert_eq!(place.json(&["client", "list"]), serde_json::json!([]));
}
