//! What every database must do for the store: the same on all of them.

mod audit;
mod conflicts;
mod finding;
mod groups;
mod leases;
mod migrations;
mod purge;
mod reaper;
mod sign_ins;
mod spending;
mod together;
mod updates;
mod values;
mod writes;
