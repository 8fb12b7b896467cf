//! Floor 3: HTTP without protocol decisions: parameters, forms, headers, addresses, answers.

pub mod accept;
pub mod address;
pub mod authorization;
pub mod client;
pub mod cookies;
pub mod fetch_metadata;
pub mod form;
pub mod host;
pub mod params;
pub mod request_info;
pub mod respond;
