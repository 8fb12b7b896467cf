//! What the benchmarks have in common: databases, processes, load, and what the system says of them.

pub mod clients;
pub mod database;
pub mod figures;
pub mod http;
pub mod load;
pub mod machine;
pub mod process;
pub mod serve;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
