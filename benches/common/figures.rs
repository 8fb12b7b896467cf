//! What is made of figures that were measured many times.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Outcome;

pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

pub fn range(figures: &[f64]) -> String {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(0.0, f64::max);
    format!("[{least:.1} .. {most:.1}]")
}

/// One figure by the other, round by round: the two of one round belong together.
pub fn ratios(figures: &[f64], beside: &[f64]) -> Vec<f64> {
    let pairs = figures.iter().zip(beside);
    pairs.map(|(one, other)| one / other).collect()
}

pub const fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Writes figures for programs into the build directory.
pub fn save(name: &str, document: &Value) -> Outcome<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .ok_or("no build directory")?;
    let path = target.join(name);
    std::fs::write(&path, serde_json::to_vec_pretty(document)?)?;
    Ok(path)
}
