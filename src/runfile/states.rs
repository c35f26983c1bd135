//! Sets of states as SQL lists them. They are made of the enum, so that a state has its name in one place.

use std::fmt;

use crate::operation::State;

/// `('planned', 'sent')`, behind `IN`.
pub(super) struct States(pub(super) &'static [State]);

/// Not settled.
pub(super) const OPEN: States = States(&[State::Deferred, State::Planned, State::Sent]);

/// Open, and nothing of it was sent.
pub(super) const UNSENT: States = States(&[State::Planned, State::Deferred]);

/// Known, and not answered.
pub(super) const DUE: States = States(&[State::Planned, State::Sent]);

/// The same, and what is done.
pub(super) const DUE_OR_DONE: States = States(&[State::Planned, State::Sent, State::Ok]);

/// The same, and what may be done.
pub(super) const DUE_OR_PERHAPS_DONE: States =
    States(&[State::Planned, State::Sent, State::Ok, State::Unknown]);

/// Whatever may come to a change, or has.
pub(super) const CHANGING: States = States(&[
    State::Planned,
    State::Deferred,
    State::Sent,
    State::Unknown,
    State::Ok,
]);

/// Done as a whole, as far as anybody knows.
pub(super) const WHOLE: States = States(&[State::Ok, State::Unknown]);

/// It ended so that others can be built on it.
pub(super) const GOOD: States = States(&[State::Ok, State::Unchanged]);

/// It ended so that nothing can be built on it.
pub(super) const BAD: States = States(&[State::Failed, State::Skipped, State::Unknown]);

/// Something has to be done about it.
pub(super) const WRONG: States = States(&[State::Failed, State::Unknown]);

/// It left, and no answer told what became of it. The index `op_open` lists them alike.
pub(super) const UNANSWERED: States = States(&[State::Sent, State::Unknown]);

impl States {
    pub(super) fn holds(&self, state: State) -> bool {
        self.0.contains(&state)
    }
}

impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, state) in self.0.iter().enumerate() {
            let before = if place == 0 { "(" } else { ", " };
            write!(f, "{before}'{}'", state.as_str())?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state that is new is in one set or another, and not in none.
    #[test]
    fn sets_hold_what_states_say_of_themselves() {
        for state in State::ALL.iter().copied() {
            assert_eq!(OPEN.holds(state), !state.is_settled(), "{state}");
            assert_eq!(GOOD.holds(state), state.is_good(), "{state}");
            let is_bad = state.is_settled() && !state.is_good();
            assert_eq!(BAD.holds(state), is_bad, "{state}");
            let is_unsent = OPEN.holds(state) && state != State::Sent;
            assert_eq!(UNSENT.holds(state), is_unsent, "{state}");
        }
    }

    #[test]
    fn the_index_of_what_is_open_lists_the_same() {
        let index = format!("WHERE state IN {UNANSWERED};");
        assert!(include_str!("schema.sql").contains(&index), "{index}");
    }
}
