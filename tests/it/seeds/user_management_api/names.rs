//! The document's own list of tests.

use crate::support::tables::source_of;

const REGISTRATION: [&str; 16] = [
    "register_user_success",
    "register_user_missing_email",
    "register_user_invalid_email_format",
    "register_user_missing_password",
    "register_user_password_too_short",
    "register_user_password_missing_uppercase",
    "register_user_password_missing_lowercase",
    "register_user_password_missing_number",
    "register_user_name_too_long",
    "register_user_name_empty",
    "register_user_duplicate_email",
    "password_is_hashed_before_storage",
    "password_not_returned_in_response",
    "response_includes_user_id",
    "response_includes_created_at",
    "response_format_matches_spec",
];

const LOGIN: [&str; 13] = [
    "login_success",
    "login_invalid_email",
    "login_invalid_password",
    "login_missing_email",
    "login_missing_password",
    "login_empty_credentials",
    "token_contains_user_info",
    "get_current_user_success",
    "get_current_user_no_token",
    "get_current_user_invalid_token",
    "get_current_user_malformed_header",
    "login_response_structure",
    "error_response_structure",
];

#[test]
fn the_documents_29_tests_are_here_under_their_names() {
    let registration = REGISTRATION.map(|name| ("registration", name));
    let login = LOGIN.map(|name| ("login", name));
    let mut all = registration.into_iter().chain(login);
    assert!(all.clone().count() == 29);
    let missing = all.find(|(file, name)| {
        let test = format!("seeds::user_management_api::{file}::test_{name}");
        source_of(&test).is_none()
    });
    assert_eq!(missing, None);
}
