//! Floor 4: how a person proves who they are, and a program that acts for one.

pub mod api_key;
pub mod browser;
mod consent;
pub mod device;
pub mod direct;
mod dispatch;
pub mod doors;
pub mod factors;
pub mod forms;
pub mod interaction;
pub mod link_pages;
pub mod links;
pub mod own_password;
pub mod pace;
mod page;
pub mod page_error;
pub mod sealed_form;
pub mod sign_up;
pub mod throttle;
pub mod transaction;
mod update_password;
