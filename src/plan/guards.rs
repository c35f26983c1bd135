//! Limits: checked in the plan, and again before anything that became known is sent.

use crate::playbook::Limits;
use crate::playbook::Tolerance;

/// What limits are held against: done, under way and planned together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub changes: u64,
    pub deletes: u64,
    pub calls: u64,
    pub failed: u64,
    pub operations: u64,
}

/// The limits of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    #[error("{found} changes are more than `max_changes: {limit}` allows, by {}", found - limit)]
    Changes { found: u64, limit: u64 },
    #[error("{found} deletes are more than `max_deletes: {limit}` allows, by {}", found - limit)]
    Deletes { found: u64, limit: u64 },
    #[error("{found} calls are more than `max_calls: {limit}` allows, by {}", found - limit)]
    Calls { found: u64, limit: u64 },
    /// The limit of an included playbook.
    #[error("in the include `{include}`: {error}")]
    Included {
        include: String,
        error: Box<GuardError>,
    },
}

impl GuardError {
    pub fn of_include(self, include: &str) -> Self {
        Self::Included {
            include: include.to_owned(),
            error: Box::new(self),
        }
    }
}

impl Guard {
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// Of an included playbook, over its own steps: what it does not say, the outer one does.
    pub fn of_include(limits: &Limits) -> Self {
        Self::new(Limits {
            max_deletes: limits.max_deletes.or(Some(u64::MAX)),
            ..limits.clone()
        })
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Deletes are refused unless the playbook says how many there may be.
    pub fn check(&self, totals: Totals) -> Result<(), GuardError> {
        let deletes = self.limits.max_deletes.unwrap_or(0);
        if totals.deletes > deletes {
            return Err(GuardError::Deletes {
                found: totals.deletes,
                limit: deletes,
            });
        }
        if let Some(limit) = self.limits.max_calls
            && totals.calls > limit
        {
            return Err(GuardError::Calls {
                found: totals.calls,
                limit,
            });
        }
        match self.limits.max_changes {
            Some(limit) if totals.changes > limit => Err(GuardError::Changes {
                found: totals.changes,
                limit,
            }),
            _ => Ok(()),
        }
    }

    /// Whether more failed than is tolerated; `None` where the playbook sets no number.
    pub fn too_many_failures(&self, totals: Totals) -> Option<String> {
        let tolerated = self.limits.max_failures?;
        let passed = match tolerated {
            Tolerance::Count(count) => totals.failed > count,
            Tolerance::Percent(percent) => {
                // Both numbers are far below 2^52, so no digit is lost.
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "counts of operations are small beside 2^52"
                )]
                let (failed, operations) = (totals.failed as f64, totals.operations as f64);
                failed * 100.0 > percent * operations
            }
        };
        passed.then(|| {
            format!(
                "{} failed operations are more than `max_failures: {tolerated}` allows",
                totals.failed
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(
        max_changes: Option<u64>,
        max_deletes: Option<u64>,
        max_failures: Option<Tolerance>,
    ) -> Guard {
        Guard::new(Limits {
            max_changes,
            max_deletes,
            max_failures,
            max_calls: None,
        })
    }

    #[test]
    fn deletes_need_leave() {
        let totals = Totals {
            deletes: 1,
            changes: 1,
            ..Totals::default()
        };
        let refused = limits(None, None, None).check(totals).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "1 deletes are more than `max_deletes: 0` allows, by 1"
        );
        assert_eq!(limits(None, Some(1), None).check(totals), Ok(()));
    }

    #[test]
    fn calls_are_bound_where_the_playbook_says_so() {
        let totals = Totals {
            calls: 2,
            changes: 2,
            ..Totals::default()
        };
        let of = |max_calls| {
            Guard::new(Limits {
                max_calls,
                ..Limits::default()
            })
        };
        assert_eq!(of(None).check(totals), Ok(()));
        assert_eq!(of(Some(2)).check(totals), Ok(()));
        let refused = of(Some(1)).check(totals).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "2 calls are more than `max_calls: 1` allows, by 1"
        );
    }

    #[test]
    fn changes_are_counted_up_to_the_limit() {
        let totals = |changes| Totals {
            changes,
            ..Totals::default()
        };
        assert_eq!(limits(Some(5), None, None).check(totals(5)), Ok(()));
        assert!(limits(Some(5), None, None).check(totals(6)).is_err());
        assert_eq!(limits(None, None, None).check(totals(6)), Ok(()));
    }

    #[test]
    fn failures_are_tolerated_by_number_or_share() {
        let totals = |failed| Totals {
            failed,
            operations: 100,
            ..Totals::default()
        };
        assert_eq!(limits(None, None, None).too_many_failures(totals(99)), None);
        let five = limits(None, None, Some(Tolerance::Percent(5.0)));
        assert_eq!(five.too_many_failures(totals(5)), None);
        assert!(five.too_many_failures(totals(6)).is_some());
        assert!(
            limits(None, None, Some(Tolerance::Count(0)))
                .too_many_failures(totals(1))
                .is_some()
        );
    }
}
