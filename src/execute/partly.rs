//! Operations on several records of which some are left out: somebody bound them otherwise since the plan, or the
//! instance refused them. The others are done all the same, and the operation fails with what became of each.

use crate::operation::Action;
use crate::operation::Omissions;
use crate::operation::Parts;
use crate::operation::State;
use crate::operation::Why;
use crate::operation::Written;
use crate::operation::label_of;
use crate::operation::told;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::LocalLabel;
use crate::wire::RecordId;

/// Who did what an operation does to the records that it did not leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DoneBy {
    Us,
    SomebodyElse,
}

/// Takes records out of an operation that is about to be sent. Gives how it ends where nothing is left to send.
pub(super) fn leave_out(
    operation: &mut StoredOperation,
    omissions: &Omissions,
) -> Option<Settlement> {
    let change = operation.change.as_mut()?;
    // Where the record that has one at most is the left one, it is about all of them.
    let of_all = change.record().and_then(|record| omissions.get(record));
    let others = change.others();
    let why = |id: &RecordId| of_all.or_else(|| omissions.get(id)).cloned();
    if others.iter().any(|id| why(id).is_none()) {
        let mut parts = Parts {
            change,
            before: &mut operation.before,
            after: &mut operation.after,
        };
        operation.omitted.extend(parts.take_out(omissions));
        return None;
    }
    let mut settlement = Settlement::new(State::Failed);
    // What was never done in part stays whole, to be tried again as it is.
    if operation.written.is_some() {
        let all = others.into_iter();
        settlement.omitted = all.filter_map(|id| Some((id.clone(), why(id)?))).collect();
    }
    let message = with_rest(
        operation,
        told(left_out_before(operation).chain(omissions)),
        done_before(operation),
        DoneBy::Us,
    );
    Some(settlement.label(LocalLabel::Drift, message))
}

/// How an operation ends that was sent without some of its records, or of whose records some were refused.
pub(super) fn partly(operation: &StoredOperation, mut settlement: Settlement) -> Settlement {
    let Some(change) = &operation.change else {
        return settlement;
    };
    let sent = change.others();
    // All that was left to do, of an operation that was done in part before.
    if settlement.state == State::Failed && operation.written.is_some() {
        let why = Why::Refused {
            label: settlement
                .label
                .clone()
                .unwrap_or_else(|| LocalLabel::Http.into()),
            message: settlement.message.take().unwrap_or_default(),
        };
        settlement.omitted = sent.iter().map(|id| ((*id).clone(), why.clone())).collect();
    }
    let omitted: Vec<(&RecordId, &Why)> = left_out_before(operation)
        .chain(&settlement.omitted)
        .collect();
    if omitted.is_empty() {
        return settlement;
    }
    let label = label_of(omitted.iter().map(|(_, why)| *why));
    let left_out = told(omitted);
    let done: Vec<RecordId> = sent
        .into_iter()
        .filter(|id| !settlement.omitted.contains_key(*id))
        .cloned()
        .collect();
    let count = done_before(operation) + done.len();
    let done_by = match (settlement.state, settlement.message.take()) {
        (State::Ok, _) => {
            let mut written = match &operation.written {
                Some(Written::These(ids)) => ids.clone(),
                Some(Written::All) | None => Vec::new(),
            };
            written.extend(done);
            // What was answered is not why it failed.
            if label == LocalLabel::Drift.into() {
                settlement.status = None;
            }
            settlement.written = Some(Written::These(written));
            DoneBy::Us
        }
        (State::Unchanged, _) => DoneBy::SomebodyElse,
        // Nothing of what was sent was done; the label is that of its refusal.
        (State::Failed, Some(message)) => {
            settlement.message = Some(format!("{message}; {left_out}"));
            return settlement;
        }
        (State::Failed, None) => DoneBy::Us,
        (_, message) => {
            settlement.message = message;
            return settlement;
        }
    };
    settlement.state = State::Failed;
    let message = with_rest(operation, left_out, count, done_by);
    settlement.label(label, message)
}

fn left_out_before(operation: &StoredOperation) -> impl Iterator<Item = (&RecordId, &Why)> {
    let omitted = operation.omitted.iter();
    omitted.map(|one| (&one.target.id, &one.why))
}

fn done_before(operation: &StoredOperation) -> usize {
    operation.written.as_ref().map_or(0, Written::count)
}

/// What was left out, and how many of the others were done.
fn with_rest(operation: &StoredOperation, left_out: String, count: usize, by: DoneBy) -> String {
    let done = match operation.action {
        Action::Unlink => "unlinked",
        _ => "linked",
    };
    let others = match count {
        0 => return left_out,
        1 => "one".to_owned(),
        count => count.to_string(),
    };
    match (by, count) {
        (DoneBy::Us, 1) => format!("{left_out}; the other {others} was {done}"),
        (DoneBy::Us, _) => format!("{left_out}; the other {others} were {done}"),
        (DoneBy::SomebodyElse, 1) => format!("{left_out}; the other {others} is {done} already"),
        (DoneBy::SomebodyElse, _) => format!("{left_out}; the other {others} are {done} already"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use serde_json::json;

    use super::*;
    use crate::expr::Seq;
    use crate::operation::Change;
    use crate::operation::Key;
    use crate::wire::Label;
    use crate::wire::LinkName;
    use crate::wire::LinkTarget;
    use crate::wire::ModuleName;

    fn id(text: &str) -> RecordId {
        RecordId::new(text)
    }

    fn link(targets: &[&str]) -> StoredOperation {
        let target = |name: &&str| LinkTarget::plain(id(name));
        let change = Change::Link {
            module: ModuleName::new("Accounts"),
            record: id("a"),
            link: LinkName::new("contacts"),
            targets: targets.iter().map(target).collect(),
        };
        let after = Map::from_iter([("to".to_owned(), json!(targets))]);
        StoredOperation {
            seq: Seq(0),
            key: Key::from_index(0),
            action: Action::Link,
            change: Some(change),
            state: State::Sent,
            label: None,
            message: None,
            modified: None,
            before: Map::new(),
            after,
            attempts: 0,
            omitted: Vec::new(),
            written: None,
        }
    }

    fn moved(ids: &[&str]) -> Omissions {
        let moved = |name: &&str| (id(name), Why::BoundTo(id("b")));
        ids.iter().map(moved).collect()
    }

    fn not_found() -> Settlement {
        let label = Label::parse("not_found");
        Settlement::new(State::Failed).label(label, "gone")
    }

    fn message(settlement: &Settlement) -> &str {
        settlement.message.as_deref().unwrap_or_default()
    }

    #[test]
    fn what_is_left_goes_and_fails_with_what_it_left_out() {
        let mut operation = link(&["c1", "c2", "c3"]);
        assert_eq!(leave_out(&mut operation, &moved(&["c2"])), None);
        assert_eq!(operation.after["to"], json!(["c1", "c3"]));
        for (state, rest) in [
            (State::Ok, "; the other 2 were linked"),
            (State::Unchanged, "; the other 2 are linked already"),
        ] {
            let settlement = partly(&operation, Settlement::new(state));
            assert_eq!(settlement.state, State::Failed);
            assert_eq!(settlement.label, Some(LocalLabel::Drift.into()));
            assert!(message(&settlement).ends_with(rest), "{settlement:?}");
            // What somebody else did is nothing for undo.
            let ours = (state == State::Ok).then(|| Written::These(vec![id("c1"), id("c3")]));
            assert_eq!(settlement.written, ours);
        }
        let again = partly(&operation, Settlement::new(State::Planned));
        assert_eq!(again, Settlement::new(State::Planned));
        let refused = partly(&operation, not_found());
        assert_eq!(refused.label, Some(Label::parse("not_found")));
        assert_eq!(refused.written, None);
        assert!(message(&refused).starts_with("gone; somebody linked `c2`"));
    }

    #[test]
    fn nothing_is_sent_where_nothing_is_left() {
        let mut operation = link(&["c1", "c2"]);
        let settlement = leave_out(&mut operation, &moved(&["c1", "c2"])).unwrap();
        assert_eq!(operation, link(&["c1", "c2"]), "tried again, it is whole");
        assert!(settlement.omitted.is_empty());
        assert!(message(&settlement).ends_with("since it was planned"));
        // The left record is the one that somebody bound otherwise.
        let settlement = leave_out(&mut operation, &moved(&["a"])).unwrap();
        assert_eq!(
            message(&settlement),
            "somebody linked `a` to `b` since it was planned"
        );
        // The rest went wrong after a part had been left out already.
        leave_out(&mut operation, &moved(&["c1"]));
        let settlement = leave_out(&mut operation, &moved(&["c2"])).unwrap();
        assert_eq!(
            message(&settlement),
            "somebody linked `c1` and `c2` to `b` since it was planned"
        );
    }

    #[test]
    fn what_was_done_before_stays_done() {
        let mut operation = link(&["c2"]);
        operation.written = Some(Written::These(vec![id("c1")]));
        let settlement = leave_out(&mut operation, &moved(&["c2"])).unwrap();
        assert_eq!(settlement.omitted, moved(&["c2"]));
        assert!(message(&settlement).ends_with("the other one was linked"));
        let refused = partly(&operation, not_found());
        assert!(refused.omitted.contains_key(&id("c2")));
        assert_eq!(
            message(&refused),
            "the instance refused `c2`: gone; the other one was linked"
        );
        let done = partly(&operation, Settlement::new(State::Ok));
        assert_eq!(done, Settlement::new(State::Ok));
    }
}
