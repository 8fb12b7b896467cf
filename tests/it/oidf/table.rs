//! `docs/oidf.md` has one row for every module, and what it says of it is true.

use std::collections::BTreeMap;

use crate::support::tables::{rows, source_of, tests};

/// The list for profile Basic.
const BASIC: &[&str] = &[
    "oidcc-server",
    "oidcc-response-type-missing",
    "oidcc-idtoken-signature",
    "oidcc-idtoken-unsigned",
    "oidcc-userinfo-get",
    "oidcc-userinfo-post-header",
    "oidcc-userinfo-post-body",
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    "oidcc-scope-profile",
    "oidcc-scope-email",
    "oidcc-scope-address",
    "oidcc-scope-phone",
    "oidcc-scope-all",
    "oidcc-alternate-happy-flow",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-prompt-login",
    "oidcc-prompt-none-not-logged-in",
    "oidcc-prompt-none-logged-in",
    "oidcc-max-age-1",
    "oidcc-max-age-10000",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-id-token-hint",
    "oidcc-login-hint",
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-codereuse",
    "oidcc-codereuse-30seconds",
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-ensure-post-request-succeeds",
    "oidcc-server-client-secret-post",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-claims-essential",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-refresh-token",
    "oidcc-ensure-request-with-valid-pkce-succeeds",
];

/// Form Post asks the same of every module of Basic, with answers that are posted.
const FORM_POST: &[&str] = BASIC;

const CONFIG: &[&str] = &["oidcc-discovery-endpoint-verification"];

const LOGOUT: &[&str] = &[
    "oidcc-rp-initiated-logout-discovery-endpoint-verification",
    "oidcc-rp-initiated-logout",
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-modified-id-token-hint",
    "oidcc-rp-initiated-logout-no-id-token-hint",
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-no-state",
    "oidcc-rp-initiated-logout-only-state",
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-bad-id-token-hint",
];

/// The lists by the name the table has for each, in its order.
const LISTS: &[(&str, &[&str])] = &[
    ("Basic", BASIC),
    ("Form Post", FORM_POST),
    ("Config", CONFIG),
    ("Logout", LOGOUT),
];

/// Run only with clients that register themselves, which nobody does here.
const DYNAMIC: &[&str] = &[
    "oidcc-idtoken-signature",
    "oidcc-idtoken-unsigned",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
];

/// The test that says what is answered to those clients.
const NO_REGISTRATION: &str = "oidf::signatures::nobody_registers_a_client_over_the_network";

fn lists_of(module: &str) -> String {
    let of = LISTS.iter().filter(|(_, list)| list.contains(&module));
    let names: Vec<&str> = of.map(|(name, _)| *name).collect();
    names.join(", ")
}

#[test]
fn every_module_has_one_row_and_every_row_is_true() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for cells in rows("docs/oidf.md", "oidcc-") {
        let [module, lists, asks, held_by] = &cells[..] else {
            panic!("four cells: {cells:?}");
        };
        *seen.entry(module.clone()).or_default() += 1;
        assert!(!lists.is_empty(), "{module} is no module of these lists");
        assert_eq!(*lists, lists_of(module), "{module}");
        assert!(asks.len() > 20, "{module}: what it asks, in words");
        let mut in_both_modes = false;
        for test in tests(held_by) {
            let source = source_of(test);
            let source = source.unwrap_or_else(|| panic!("{module}: there is no test {test}"));
            in_both_modes |= source.contains("in_both_modes");
        }
        let needs_both = FORM_POST.contains(&module.as_str());
        assert_eq!(in_both_modes, needs_both, "{module}: the ways of answering");
        let dynamic = DYNAMIC.contains(&module.as_str());
        let says_so = tests(held_by).any(|test| test == NO_REGISTRATION);
        assert_eq!(says_so, dynamic, "{module}: who registers");
    }
    let mut modules: Vec<&str> = LISTS.iter().flat_map(|(_, list)| *list).copied().collect();
    modules.sort_unstable();
    modules.dedup();
    for module in &modules {
        assert_eq!(seen.get(*module), Some(&1), "{module} has one row");
    }
    assert_eq!(seen.len(), modules.len());
}

#[test]
fn the_lists_are_as_long_as_the_suites() {
    let lengths: Vec<usize> = LISTS.iter().map(|(_, list)| list.len()).collect();
    assert_eq!(lengths, [38, 38, 1, 11]);
    assert!(DYNAMIC.iter().all(|module| BASIC.contains(module)));
}
