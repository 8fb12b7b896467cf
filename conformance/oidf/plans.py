"""The plans, with scripts for the suite's own browser. A task is skipped where its address does not match."""

SHOT = ["update-image-placeholder"]
SHOT_IF_WANTED = ["update-image-placeholder-optional"]
SEE_ERROR = ["wait", "id", "error", 10, "."]
STATIC = {"server_metadata": "discovery", "client_registration": "static_client"}
LOGOUT = "oidcc-rp-initiated-logout-"


def task(name, commands, match, optional=True):
    return {"task": name, "match": match, "optional": optional, "commands": commands}


def plans(issuer, alias, username, password, secret):
    """All plans by name."""
    pages, authorize, logout = f"{issuer}/*", f"{issuer}/authorize*", f"{issuer}/logout*"

    def sign_in(*before):
        typed = [["text", "id", "username", username, "optional"], ["text", "id", "password", password, "optional"]]
        return task("Sign in", [*before, *typed, ["click", "id", "sign-in", "optional"]], pages)

    consent = task("Allow", [["click", "id", "allow", "optional"]], pages)
    arrive = task("Leave the provider", [["wait", "contains", "/callback", 10]], pages)
    back = task("At the client", [["wait", "id", "submission_complete", 10]], "*/test/*/callback*", optional=False)

    def flow(*before):
        return {"match": authorize, "tasks": [sign_in(*before), consent, arrive, back]}

    asked_again = {"browser": [flow(["wait", "id", "sign-in", 10, ".", *SHOT_IF_WANTED])]}
    refused = {"browser": [
        {"match": authorize, "tasks": [task("Error page", [[*SEE_ERROR, *SHOT]], authorize, optional=False)]},
    ]}
    refused_or_back = {"browser": [{"match": authorize, "tasks": [
        task("Error page", [[*SEE_ERROR, *SHOT_IF_WANTED]], pages),
        task("At the client", [["wait", "id", "submission_complete", 10]], "*/test/*/callback*"),
    ]}]}
    server = {
        "alias": alias,
        "description": alias,
        "server": {"discoveryUrl": f"{issuer}/.well-known/openid-configuration"},
        "options": {"browsercontrol_css_enable": False},
    }
    first = {"client_id": "oidf-first", "client_secret": secret}
    clients = {
        "client": first,
        "client2": {"client_id": "oidf-second", "client_secret": secret},
        "client_secret_post": {"client_id": "oidf-posting", "client_secret": secret},
    }
    basic = {**server, **clients, "browser": [flow()], "override": {
        "oidcc-prompt-login": asked_again,
        "oidcc-max-age-1": asked_again,
        "oidcc-ensure-registered-redirect-uri": refused,
        # The address outside the request object is not registered, and request objects are refused.
        "oidcc-ensure-request-object-with-redirect-uri": refused,
        "oidcc-response-type-missing": refused_or_back,
    }}

    def ends(*tasks):
        return {"browser": [flow(), {"match": logout, "tasks": list(tasks)}]}

    sign_out = task("Sign out", [["click", "id", "sign-out", "optional"]], pages)
    stays = ends(task(
        "Error or question", [["wait", "xpath", "//*[@id='error' or @id='sign-out']", 10, ".", *SHOT]], pages, False,
    ))
    signed_out = ends(sign_out, task("Signed out", [["wait", "id", "signed-out", 10, ".", *SHOT]], pages, False))
    returns = ends(
        sign_out,
        task("Leave the provider", [["wait", "contains", "/post_logout_redirect", 10]], pages),
        task("At the client", [], "*/test/*/post_logout_redirect*", False),
    )
    staying = [
        "bad-post-logout-redirect-uri", "query-added-to-post-logout-redirect-uri", "modified-id-token-hint",
        "bad-id-token-hint", "no-id-token-hint",
    ]
    ending = ["no-params", "no-post-logout-redirect-uri", "only-state"]
    rp_logout = {**server, "client": first, **returns, "override": {
        **{LOGOUT + name: stays for name in staying},
        **{LOGOUT + name: signed_out for name in ending},
    }}

    def plan(name, variant, config):
        return {"plan": f"oidcc-{name}-certification-test-plan", "variant": variant, "config": config}

    return {
        "config": plan("config", {}, server),
        "basic": plan("basic", STATIC, basic),
        "formpost-basic": plan("formpost-basic", STATIC, basic),
        "rp-initiated-logout": plan(
            "rp-initiated-logout", {"client_registration": "static_client", "response_type": "code"}, rp_logout,
        ),
    }
