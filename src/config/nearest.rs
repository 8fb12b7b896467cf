//! The known name a wrong one was probably meant to be.

/// Finds the candidate closest to `name`, if one is close enough to be worth saying.
///
/// A key without its table (`signing_alg` for `tokens.signing_alg`) counts as close, and so does a
/// name that stops early (`TLS_CERT` for `TLS_CERT_FILE`).
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    let key = name.rsplit('.').next().unwrap_or(&name);
    let enough = (key.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (cost(&name, &candidate.to_lowercase()), candidate))
        .filter(|(cost, _)| *cost <= enough)
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, candidate)| candidate)
}

fn cost(name: &str, candidate: &str) -> usize {
    let table = candidate.strip_suffix(name);
    let rest = candidate.strip_prefix(name);
    if table.is_some_and(|table| table.ends_with('.'))
        || rest.is_some_and(|rest| rest.starts_with('_'))
    {
        return 1;
    }
    distance(name, candidate)
}

/// The Levenshtein distance: insertions, deletions and replacements of one character.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, left) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, right) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}
