//! What becomes of a change to a row that somebody else may have changed meanwhile.

/// How an update ended. Only [`UpdateOutcome::Updated`] has left anything behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum UpdateOutcome {
    Updated,
    /// The row is not the one that was read.
    Changed,
    /// There is no such row.
    Missing,
}

impl UpdateOutcome {
    /// Of an update that met no row, where the thing itself is there or not.
    pub(super) const fn untouched(there: bool) -> Self {
        if there { Self::Changed } else { Self::Missing }
    }
}
