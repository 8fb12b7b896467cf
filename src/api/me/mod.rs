//! `/users/me`: the signed-in person's own account.

use super::operation::Operation;

const ACCOUNT: &[&str] = &["account"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    profile::operations()
}

mod profile;
