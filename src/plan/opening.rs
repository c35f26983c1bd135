//! Whether anything is to be done for an item, and what it is called: `when` comes before `key`, so that a row which is
//! left out needs none.

use super::ending::Stop;
use super::expand::Planner;
use crate::check::CheckedStep;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Scope;
use crate::expr::Touched;
use crate::operation::Key;
use crate::wire::LocalLabel;

/// What is known of an item before its action is worked out.
pub struct Opening {
    pub(super) key: Result<Option<Key>, Failure>,
    /// Why its action is not worked out.
    pub(super) stop: Option<Stop>,
    /// What `when` looked at.
    pub(super) touched: Touched,
}

impl Opening {
    /// Of an item that is none, such as a row with too many cells.
    pub fn bad(failure: Failure) -> Self {
        Self {
            key: Err(failure),
            stop: None,
            touched: Touched::default(),
        }
    }

    /// The key by which it is found, if it has one.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref().ok().and_then(Option::as_ref)
    }

    /// `when` does not hold.
    pub fn is_left_out(&self) -> bool {
        matches!(self.stop, Some(Stop::Skipped { .. }))
    }
}

impl Planner<'_> {
    pub fn open(&self, step: &CheckedStep, source: &ItemSource) -> Opening {
        let scope = self.scope(step, source);
        Opening {
            stop: condition(step, &scope).err(),
            touched: scope.take_touched(),
            key: self.key(step, source),
        }
    }
}

fn condition(step: &CheckedStep, scope: &Scope) -> Result<(), Stop> {
    match &step.when {
        Some(when) if !when.holds(scope)? => Err(Stop::Skipped {
            label: LocalLabel::Condition,
            message: format!("`when: {}` does not hold", when.text()),
        }),
        _ => Ok(()),
    }
}
