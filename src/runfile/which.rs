//! Kinds of operations that are looked for, as conditions of SQL.

use super::states::CHANGING;
use super::states::DUE_OR_PERHAPS_DONE;
use super::states::States;
use super::states::WRONG;
use crate::operation::State;
use crate::wire::LocalLabel;

/// What is to be told of once nobody waits for an answer any more.
const TROUBLE: States = States(&[State::Failed, State::Unknown, State::Sent]);

/// Changes, or will change, something for all that is known.
const CHANGES: States = States(&[State::Planned, State::Deferred, State::Ok]);

/// Which operations of a step are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Failed and unknown ones.
    Bad,
    /// The same while others are under way, which are not unknown before nobody waits for them any more.
    BadSoFar,
    /// The others.
    Fine,
    /// Nothing went wrong, and there is still something to say: skipped for another reason than its condition or
    /// the flags of the plan, or unchanged with a remark.
    Noted,
    /// What changes the instance, or would: planned, deferred or done.
    Changing,
    /// Of the changing ones those that cannot be taken back.
    Irreversible,
    /// Deletes that are planned, under way or done.
    Deletes,
    /// Irreversible ones that are no deletes, as soon as it is known what they do.
    OtherIrreversible,
    /// What is not known before something else has run.
    Deferred,
}

impl Which {
    pub(super) fn condition(self) -> String {
        match self {
            Self::All => "1".to_owned(),
            Self::Bad => format!("op.state IN {TROUBLE}"),
            Self::BadSoFar => format!("op.state IN {WRONG}"),
            Self::Fine => format!("op.state NOT IN {TROUBLE}"),
            Self::Noted => format!(
                "((op.state = 'skipped' AND op.label NOT IN ('{}', '{}')) \
                 OR (op.state = 'unchanged' AND op.message IS NOT NULL))",
                LocalLabel::Condition.as_str(),
                LocalLabel::LeftOut.as_str()
            ),
            Self::Changing => format!("op.state IN {CHANGES}"),
            Self::Irreversible => format!("op.reversible = 0 AND op.state IN {CHANGING}"),
            Self::Deletes => format!("op.action = 'delete' AND op.state IN {CHANGING}"),
            Self::OtherIrreversible => format!(
                "op.reversible = 0 AND op.action <> 'delete' AND op.state IN {DUE_OR_PERHAPS_DONE}"
            ),
            Self::Deferred => "op.state = 'deferred'".to_owned(),
        }
    }
}
