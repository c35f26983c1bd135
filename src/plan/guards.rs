//! Limits: checked in the plan, and again before anything that became known is sent.

use std::fmt;

use crate::diag::grouped;
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

/// The limits that are exceeded: all of them, so that nobody raises one to meet the next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(.exceeded))]
pub struct GuardError {
    exceeded: Vec<Exceeded>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exceeded {
    /// As it is written in a playbook.
    limit: &'static str,
    /// What it counts: one, and several.
    counts: [&'static str; 2],
    found: u64,
    allowed: u64,
    /// The include whose playbook sets it.
    include: Option<String>,
}

/// Who meets a limit, which decides how it is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitMet {
    /// The plan can be applied under other limits.
    Planning,
    /// Something else stands against the plan too.
    PlanningForGood,
    Applying,
    /// An undo has a limit of its own: `--max-deletes`.
    TakingBack,
}

impl GuardError {
    #[must_use]
    pub fn of_include(mut self, include: &str) -> Self {
        for exceeded in &mut self.exceeded {
            exceeded.include = Some(include.to_owned());
        }
        self
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.exceeded.extend(more.exceeded);
        self
    }

    /// Whether an apply can be given other limits in their place: those of an include are its own.
    pub fn can_be_lifted(&self) -> bool {
        self.exceeded.iter().all(|one| one.include.is_none())
    }

    /// The limits by name, each with the include that sets it.
    pub fn limits(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let each = self.exceeded.iter();
        each.map(|one| (one.limit, one.include.as_deref()))
    }

    /// What to do where so much is meant. `FILE` stands for the run file, which has another name where it is moved.
    pub fn help(&self, met: LimitMet) -> String {
        let raised = |separator: &str| {
            let own = self.exceeded.iter().filter(|one| one.include.is_none());
            own.map(|one| format!("{}{separator}{}", one.limit, one.found))
                .collect::<Vec<_>>()
        };
        let lifted = || {
            format!(
                "`sugarmill apply FILE --limit {}`",
                raised("=").join(" --limit ")
            )
        };
        let mut ways = Vec::new();
        match met {
            LimitMet::TakingBack => {
                let found = self.exceeded.iter().map(|one| one.found).max();
                ways.push(format!(
                    "undo again with `--max-deletes {}`",
                    found.unwrap_or_default()
                ));
            }
            LimitMet::Applying if !raised("=").is_empty() => ways.push(lifted()),
            LimitMet::Planning | LimitMet::PlanningForGood if !raised(": ").is_empty() => {
                let limits = raised(": ").join(", ");
                ways.push(format!(
                    "write `limits: {{ {limits} }}` in the playbook and plan again"
                ));
                if met == LimitMet::Planning {
                    ways.push(format!("or apply this plan all the same: {}", lifted()));
                }
            }
            LimitMet::Planning | LimitMet::PlanningForGood | LimitMet::Applying => {}
        }
        for one in &self.exceeded {
            if let Some(include) = &one.include {
                ways.push(format!(
                    "write `{}: {}` under `limits` in the playbook that `{include}` includes, and plan again",
                    one.limit, one.found
                ));
            }
        }
        format!("if so much is meant: {}", ways.join("; "))
    }
}

fn said(exceeded: &[Exceeded]) -> String {
    let each = exceeded.iter().map(ToString::to_string);
    each.collect::<Vec<_>>().join("; ")
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(include) = &self.include {
            write!(f, "in the include `{include}`: ")?;
        }
        let Self {
            limit,
            counts: [one, several],
            found,
            allowed,
            ..
        } = self;
        let by = grouped(found - allowed);
        match found {
            1 => write!(f, "1 {one} is more than `{limit}: {allowed}` allows"),
            _ => write!(
                f,
                "{} {several} are more than `{limit}: {allowed}` allows, by {by}",
                grouped(*found)
            ),
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
        let Limits {
            max_changes,
            max_deletes,
            max_calls,
            ..
        } = self.limits;
        let held = [
            (
                "max_deletes",
                ["delete", "deletes"],
                totals.deletes,
                max_deletes.or(Some(0)),
            ),
            ("max_calls", ["call", "calls"], totals.calls, max_calls),
            (
                "max_changes",
                ["change", "changes"],
                totals.changes,
                max_changes,
            ),
        ];
        let exceeded: Vec<Exceeded> = held
            .into_iter()
            .filter_map(|(limit, counts, found, allowed)| {
                let allowed = allowed.filter(|allowed| found > *allowed)?;
                Some(Exceeded {
                    limit,
                    counts,
                    found,
                    allowed,
                    include: None,
                })
            })
            .collect();
        match exceeded.is_empty() {
            true => Ok(()),
            false => Err(GuardError { exceeded }),
        }
    }

    /// Whether more failed than is tolerated; `None` where the playbook sets no number.
    pub fn too_many_failures(&self, totals: Totals) -> Option<String> {
        let tolerated = self.limits.max_failures?;
        let is_exceeded = match tolerated {
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
        is_exceeded.then(|| {
            let failed = match totals.failed {
                1 => "1 failed operation is".to_owned(),
                failed => format!("{} failed operations are", grouped(failed)),
            };
            format!("{failed} more than `max_failures: {tolerated}` allows")
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
            "1 delete is more than `max_deletes: 0` allows"
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
    fn all_limits_that_are_exceeded_are_said_and_how_each_is_raised() {
        let totals = Totals {
            deletes: 3,
            changes: 9,
            ..Totals::default()
        };
        let refused = limits(Some(5), None, None).check(totals).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "3 deletes are more than `max_deletes: 0` allows, by 3; \
             9 changes are more than `max_changes: 5` allows, by 4"
        );
        assert_eq!(
            refused.help(LimitMet::Planning),
            "if so much is meant: write `limits: { max_deletes: 3, max_changes: 9 }` in the playbook and plan again; \
             or apply this plan all the same: `sugarmill apply FILE --limit max_deletes=3 --limit max_changes=9`"
        );
        assert_eq!(
            refused.help(LimitMet::PlanningForGood),
            "if so much is meant: write `limits: { max_deletes: 3, max_changes: 9 }` in the playbook and plan again"
        );
        assert_eq!(
            refused.help(LimitMet::Applying),
            "if so much is meant: `sugarmill apply FILE --limit max_deletes=3 --limit max_changes=9`"
        );
        let included = limits(Some(8), Some(3), None).check(totals).unwrap_err();
        assert_eq!(
            included.of_include("load").help(LimitMet::Applying),
            "if so much is meant: write `max_changes: 9` under `limits` in the playbook that `load` includes, and plan again"
        );
        let undo = limits(None, Some(1), None).check(totals).unwrap_err();
        assert_eq!(
            undo.help(LimitMet::TakingBack),
            "if so much is meant: undo again with `--max-deletes 3`"
        );
    }

    #[test]
    fn counts_are_written_as_reports_write_them() {
        let totals = Totals {
            changes: 5_014,
            ..Totals::default()
        };
        let refused = limits(Some(4_000), None, None).check(totals).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "5,014 changes are more than `max_changes: 4000` allows, by 1,014"
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
        let none = limits(None, None, Some(Tolerance::Count(0)));
        assert_eq!(
            none.too_many_failures(totals(1)).as_deref(),
            Some("1 failed operation is more than `max_failures: 0` allows")
        );
        assert_eq!(
            none.too_many_failures(totals(2)).as_deref(),
            Some("2 failed operations are more than `max_failures: 0` allows")
        );
    }
}
