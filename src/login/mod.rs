//! Floor 4: how a person proves who they are.

pub mod direct;
pub mod refusals;
pub mod throttle;
