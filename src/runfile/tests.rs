//! The run file by itself: what goes in comes out, and states move only as they may.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::*;
use crate::expr::EdgeKind;
use crate::expr::Effect;
use crate::expr::ItemSource;
use crate::expr::KeyHit;
use crate::expr::Phase;
use crate::expr::Repeat;
use crate::expr::Results;
use crate::expr::Seq;
use crate::expr::Standing;
use crate::expr::StepNo;
use crate::metadata::Metadata;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Omissions;
use crate::operation::Operation;
use crate::operation::Relations;
use crate::operation::Reversible;
use crate::operation::State;
use crate::operation::Why as LeftOut;
use crate::operation::Written;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::RecordId;

fn header() -> Header {
    Header {
        run_id: "r1".into(),
        tool: "0.0.0".into(),
        started: "2026-01-01T00:00:00Z".into(),
        playbook: PlaybookText {
            name: "p".into(),
            path: "p.yaml".into(),
            text: "version: 1".into(),
            includes: Vec::new(),
        },
        vars: serde_json::Map::new(),
        included_vars: std::collections::BTreeMap::new(),
        seals: crate::diag::Seals::default(),
        instance: Instance {
            url: "u".into(),
            user: "admin".into(),
            user_id: "1".into(),
            metadata_hash: None,
            flags: Vec::new(),
            confirm: None,
        },
        identity: "u".into(),
        now: "2026-01-01T00:00:00+00:00[UTC]".into(),
        generation: None,
        metadata: Metadata::default(),
    }
}

fn create(step: u32, index: u64, needs: Vec<(Seq, EdgeKind)>) -> PlannedItem {
    let seq = Seq::new(StepNo(step), index);
    let fields = json!({ "name": format!("n{index}") })
        .as_object()
        .unwrap()
        .clone();
    let id = RecordId::new(format!("id-{step}-{index}"));
    let key = Key::stored(format!("k{index}"));
    let mut result = fields.clone();
    result.insert("id".into(), id.as_str().into());
    let operation = Operation {
        seq,
        key: key.clone(),
        action: Action::Create,
        change: Some(Change::Create {
            module: ModuleName::new("Accounts"),
            id,
            fields: fields.clone(),
            under: None,
            unless: None,
        }),
        about: None,
        state: State::Planned,
        label: None,
        message: None,
        status: None,
        before: serde_json::Map::new(),
        after: fields,
        modified: None,
        reversible: Reversible::Yes,
        row: None,
        needs,
        waits_for: Vec::new(),
    };
    PlannedItem {
        index,
        key: Some(key),
        row: None,
        source: ItemSource::Value(json!({ "code": index })),
        outcome: ItemOutcome::Operation {
            operation: Box::new(operation),
            result: Some(result),
        },
    }
}

/// Two steps: three creates, and three that need them one by one.
fn two_steps(folder: &Path) -> RunFile {
    let mut file = RunFile::create(&folder.join("t.run"), &header()).unwrap();
    for (number, name) in [(0, "first"), (1, "second")] {
        let module = Some("Accounts");
        file.add_step(
            StepNo(number),
            name,
            "create",
            module,
            Effect::Writes,
            Repeat::ForEach,
        )
        .unwrap();
    }
    let firsts: Vec<_> = (0..3).map(|index| create(0, index, Vec::new())).collect();
    file.add_items(StepNo(0), &firsts).unwrap();
    file.expanded(StepNo(0)).unwrap();
    let seconds: Vec<_> = (0..3)
        .map(|index| {
            create(
                1,
                index,
                vec![(Seq::new(StepNo(0), index), EdgeKind::PredictedId)],
            )
        })
        .collect();
    file.add_items(StepNo(1), &seconds).unwrap();
    file.expanded(StepNo(1)).unwrap();
    file
}

/// What the tallies say is what one finds who counts the operations, and the records of those that went well.
fn assert_tallies(file: &RunFile) {
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = file.connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(
        rows(
            "SELECT concat_ws(' ', step, action, state, label, count, weight) FROM tally WHERE count <> 0 ORDER BY 1"
        ),
        rows(
            "SELECT concat_ws(' ', seq >> 40, action, state, coalesce(label, ''), count(*), sum(weight)) FROM op \
             GROUP BY seq >> 40, action, state, label ORDER BY 1"
        )
    );
    assert_eq!(
        rows("SELECT concat_ws(' ', id, records) FROM step ORDER BY 1"),
        rows(
            "SELECT concat_ws(' ', step.id, count(op.seq)) FROM step \
             LEFT JOIN result ON result.step = step.id \
             LEFT JOIN op ON op.seq = (result.step << 40 | result.idx) AND op.state IN ('ok', 'unchanged') \
             GROUP BY step.id ORDER BY 1"
        )
    );
    let steps = || (0..2).map(|step| file.step(StepNo(step)).unwrap());
    let one_by_one: Vec<_> = steps().collect();
    // What is read here for all of them answers until the next row is written, and no longer.
    file.look_over_steps().unwrap();
    assert!(steps().eq(one_by_one), "{:?}", steps().collect::<Vec<_>>());
}

#[test]
fn dependents_become_ready_or_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let ready = |file: &RunFile, step| file.ready(StepNo(step), 10).unwrap().len();
    assert_eq!((ready(&file, 0), ready(&file, 1)), (3, 0));

    let firsts: Vec<Seq> = (0..3).map(|index| Seq::new(StepNo(0), index)).collect();
    assert_eq!(file.send(&firsts, 3, "now").unwrap(), 1);
    assert_eq!(file.unanswered(10, None).unwrap().len(), 3);
    file.settle(&[
        (firsts[0], Settlement::new(State::Ok)),
        (
            firsts[1],
            Settlement::new(State::Failed).label(crate::wire::SugarLabel::NotAuthorized, "no"),
        ),
        (firsts[2], Settlement::new(State::Planned)),
    ])
    .unwrap();
    assert_eq!((ready(&file, 0), ready(&file, 1)), (1, 1));
    let skipped = file.operation(Seq::new(StepNo(1), 1)).unwrap().unwrap();
    assert_eq!(skipped.state, State::Skipped);
    assert_eq!(
        skipped.message.as_deref(),
        Some("it needs `first[k1]`, which did not succeed")
    );
    let second = file.step(StepNo(1)).unwrap();
    assert_eq!((second.unsettled, second.bad), (2, 1));
    assert_tallies(&file);

    assert_eq!(file.retry_failed().unwrap(), 2);
    assert_tallies(&file);
    let second = file.step(StepNo(1)).unwrap();
    assert_eq!((second.unsettled, second.bad), (3, 0));
    assert_eq!(
        (ready(&file, 0), ready(&file, 1)),
        (2, 1),
        "the dependent waits again for what is open again"
    );
}

/// What comes back for the sake of an unknown operation is not what was skipped for a failed one.
#[test]
fn what_failed_keeps_its_dependents_when_what_is_unknown_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let ends = [State::Failed, State::Unknown, State::Ok];
    let firsts: Vec<Seq> = (0..3).map(|index| Seq::new(StepNo(0), index)).collect();
    file.send(&firsts, 3, "now").unwrap();
    let settled = firsts.iter().zip(ends);
    let settled: Vec<_> = settled
        .map(|(seq, state)| {
            let settlement = Settlement::new(state);
            (*seq, settlement.label(LocalLabel::Http, "no"))
        })
        .collect();
    file.settle(&settled).unwrap();
    let states = |file: &RunFile| -> Vec<State> {
        let seconds = (0..3).map(|index| Seq::new(StepNo(1), index));
        seconds
            .map(|seq| file.state(seq).unwrap().unwrap())
            .collect()
    };
    assert_eq!(
        states(&file),
        [State::Skipped, State::Skipped, State::Planned]
    );
    file.retry_unknown().unwrap();
    assert_eq!(
        states(&file),
        [State::Skipped, State::Planned, State::Planned]
    );
    // The one that is done, the two that come back or wait, and nothing that is skipped again.
    assert_eq!(file.progress().unwrap().changes, 4);
    assert_tallies(&file);
}

#[test]
fn an_item_that_gives_way_is_counted_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    file.give_way(StepNo(0), 0, "a later one has its key")
        .unwrap();
    assert_eq!(file.step(StepNo(0)).unwrap().unsettled, 2);
    assert_tallies(&file);
    file.give_way(StepNo(0), 0, "it is skipped already")
        .unwrap();
    assert_tallies(&file);
}

#[test]
fn users_of_an_id_that_was_wrong_are_planned_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let seq = Seq::new(StepNo(0), 0);
    file.send(&[seq], 1, "now").unwrap();
    let mut made = Settlement::new(State::Ok);
    let change = file.operation(seq).unwrap().unwrap().change.unwrap();
    made.change = Some(change.with_id(RecordId::new("other")));
    made.records = vec![serde_json::Map::from_iter([("id".into(), "other".into())])];
    file.land(1, &[(seq, made)], "now", &Requests::default())
        .unwrap();
    let user = file.state(Seq::new(StepNo(1), 0)).unwrap();
    assert_eq!(user, Some(State::Deferred));
    assert_tallies(&file);
}

#[test]
fn a_record_is_known_as_it_was_seen_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let accounts = ModuleName::new("Accounts");
    let (made, theirs) = (RecordId::new("id-0-0"), RecordId::new("theirs"));
    let stamp = |file: &RunFile, record: &RecordId| file.stamp(&accounts, record).unwrap();
    let print = |digits: &str| serde_json::from_value(json!({ "name": digits })).unwrap();
    let see = |file: &mut RunFile, index, record: &RecordId, why, at: Option<&str>| {
        let seq = Seq::new(StepNo(0), index);
        file.send(&[seq], 1, "now").unwrap();
        let mut done = Settlement::new(State::Ok);
        done.seen.push(Seen {
            module: accounts.clone(),
            record: record.clone(),
            why,
            at: at.map(str::to_owned),
            print: at.map(|_| print(&format!("{index}"))),
        });
        file.settle(&[(seq, done)]).unwrap();
    };
    see(&mut file, 0, &made, Why::Made, Some("1"));
    let first = stamp(&file, &made).unwrap();
    assert_eq!(
        (first.at.as_deref(), first.print),
        (Some("1"), Some(print("0")))
    );
    // A write that nobody saw moves it, and what was seen before stays.
    see(&mut file, 1, &made, Why::Touched, None);
    let second = stamp(&file, &made).unwrap();
    assert_eq!((second.at, second.print), (None, Some(print("0"))));
    // Of what somebody else made only the time is kept.
    see(&mut file, 2, &theirs, Why::Touched, Some("3"));
    let third = stamp(&file, &theirs).unwrap();
    assert_eq!((third.at.as_deref(), third.print), (Some("3"), None));
    assert_eq!(stamp(&file, &RecordId::new("id-0-1")), None);
}

#[test]
fn states_move_only_as_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let refused = file.settle(&[(Seq::new(StepNo(0), 0), Settlement::new(State::Ok))]);
    assert!(
        matches!(refused, Err(RunFileError::Inconsistent(_))),
        "what was not sent cannot be ok"
    );
    assert_eq!(file.progress().unwrap().planned, 6);
}

#[test]
fn of_many_that_move_at_once_none_does_where_one_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let seq = |index| Seq::new(StepNo(0), index);
    file.send(&[seq(1)], 1, "now").unwrap();
    let refused = |sent: Result<u64, RunFileError>| {
        assert!(matches!(sent, Err(RunFileError::Inconsistent(_))));
    };
    refused(file.send(&[seq(0), seq(1), seq(2)], 3, "now"));
    refused(file.send(&[seq(2), seq(3)], 2, "now"));
    assert_eq!(file.state(seq(0)).unwrap(), Some(State::Planned));
    assert_eq!(file.state(seq(2)).unwrap(), Some(State::Planned));
    assert_tallies(&file);
}

#[test]
fn what_ends_alike_at_once_is_written_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let seqs: Vec<Seq> = (0..3).map(|index| Seq::new(StepNo(0), index)).collect();
    file.send(&seqs, 3, "now").unwrap();
    let done = Settlement::new(State::Ok).status(Some(200));
    let settlements: Vec<_> = seqs.iter().map(|seq| (*seq, done.clone())).collect();
    file.settle(&settlements).unwrap();
    let first = file.step(StepNo(0)).unwrap();
    assert_eq!((first.unsettled, first.records), (0, 3));
    let seconds = file.ready(StepNo(1), 10).unwrap();
    assert_eq!(seconds.len(), 3, "each waited for one of them");
    assert_tallies(&file);
}

#[test]
fn a_word_that_nobody_knows_is_no_word_that_somebody_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = two_steps(folder.path());
    let results = file.results().unwrap();
    for (column, word) in [("repeat", "twice"), ("effect", "reeds")] {
        let sql = format!("UPDATE step SET {column} = '{word}' WHERE id = 0");
        file.connection.execute(&sql, ()).unwrap();
        let error = results.step("first").unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    let error = file.view().unwrap().steps().unwrap_err();
    assert!(error.to_string().contains("reeds"), "{error}");
    file.connection
        .execute("UPDATE tally SET state = 'plant'", ())
        .unwrap();
    assert!(file.progress().is_err());
}

#[test]
fn results_tell_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let results = file.results().unwrap();
    let step = results.step("first").unwrap().unwrap();
    assert_eq!((step.phase, step.items, step.records), (Phase::Open, 3, 0));
    assert_eq!(
        results.by_key(StepNo(0), "k2").unwrap(),
        Some(KeyHit::Item(2))
    );
    let item = results.item(StepNo(0), 2).unwrap().unwrap();
    assert_eq!(item.standing, Standing::Predicted(Seq::new(StepNo(0), 2)));
    assert_eq!(item.record["id"], "id-0-2");

    let firsts: Vec<Seq> = (0..3).map(|index| Seq::new(StepNo(0), index)).collect();
    file.send(&firsts, 3, "now").unwrap();
    file.settle(
        &firsts
            .iter()
            .map(|seq| (*seq, Settlement::new(State::Ok)))
            .collect::<Vec<_>>(),
    )
    .unwrap();
    let step = results.step("first").unwrap().unwrap();
    assert_eq!((step.phase, step.records), (Phase::Settled, 3));
    let names = |range| -> Vec<String> {
        let records = results.records(StepNo(0), range).unwrap();
        records
            .iter()
            .map(|record| record["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(0..2), ["n0", "n1"]);
    assert_eq!(names(2..4), ["n2"], "the walk goes on where it ended");
    assert_eq!(names(1..2), ["n1"], "and anywhere else");
}

#[test]
fn one_private_file_is_left_and_foreign_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = two_steps(folder.path()).finish().unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(RunView::open(&path).unwrap().steps().unwrap().len(), 2);
    assert!(
        matches!(
            RunFile::create(&path, &header()),
            Err(RunFileError::Write { .. })
        ),
        "never overwritten"
    );

    let other = folder.path().join("other");
    std::fs::write(&other, "version: 1\n").unwrap();
    assert!(matches!(
        RunFile::open(&other),
        Err(RunFileError::NotARunFile(_))
    ));
    assert!(matches!(
        RunFile::open(folder.path()),
        Err(RunFileError::NotARunFile(_))
    ));
    assert!(matches!(
        RunFile::open(&folder.path().join("none")),
        Err(RunFileError::Missing(_))
    ));
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert!(matches!(
        RunFile::open(&path),
        Err(RunFileError::Format { .. })
    ));
}

#[test]
fn what_a_kill_left_half_folded_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.run");
    RunFile::create(&path, &header()).unwrap().finish().unwrap();
    // As a kill leaves it: pages are written, and the journal that takes them back is there.
    let writing = Connection::open(&path).unwrap();
    writing.pragma_update(None, "cache_size", 1).unwrap();
    writing
        .execute_batch(
            "BEGIN IMMEDIATE; CREATE TABLE half (t TEXT); \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
             INSERT INTO half SELECT hex(randomblob(500)) FROM n;",
        )
        .unwrap();
    let killed = folder.path().join("killed.run");
    std::fs::copy(&path, &killed).unwrap();
    let journal = |path: &Path| format!("{}-journal", path.display());
    std::fs::copy(journal(&path), journal(&killed)).unwrap();
    drop(writing);

    let view = RunView::open(&killed).unwrap();
    assert_eq!(view.header().unwrap().run_id, "r1");
    let half = "SELECT count(*) FROM sqlite_master WHERE name = 'half'";
    let left: i64 = Connection::open(&killed)
        .unwrap()
        .query_row(half, (), |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

/// One link of three contacts.
fn one_link(folder: &Path) -> RunFile {
    let mut item = create(0, 0, Vec::new());
    let ids = || ["c1", "c2", "c3"].map(RecordId::new);
    if let ItemOutcome::Operation { operation, result } = &mut item.outcome {
        let to = Relations {
            to: ids().into(),
            ..Relations::default()
        };
        *result = None;
        operation.action = Action::Link;
        operation.after = to.to_map();
        operation.change = Some(Change::Link {
            module: ModuleName::new("Accounts"),
            record: RecordId::new("a"),
            link: LinkName::new("contacts"),
            targets: ids().map(LinkTarget::plain).into(),
        });
    }
    let mut file = RunFile::create(&folder.join("t.run"), &header()).unwrap();
    file.add_step(
        StepNo(0),
        "l",
        "link",
        None,
        Effect::Writes,
        Repeat::ForEach,
    )
    .unwrap();
    file.add_items(StepNo(0), &[item]).unwrap();
    file.expanded(StepNo(0)).unwrap();
    file
}

#[test]
fn of_a_link_that_was_made_in_part_it_is_known_what_is_done_and_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = one_link(folder.path());
    let seq = Seq::new(StepNo(0), 0);
    // What is still to be sent, what undo would take back, and what a report shows.
    let known = |file: &RunFile| {
        let stored = file.operation(seq).unwrap().unwrap();
        let open = match stored.state.is_settled() {
            true => Vec::new(),
            false => stored.change.as_ref().unwrap().others(),
        };
        let view = file.view().unwrap();
        let done = view.done(StepNo(0), None, 10).unwrap();
        let mut done: Vec<&RecordId> = done
            .iter()
            .flat_map(|one| one.done.change.others())
            .collect();
        done.sort();
        json!([
            open,
            done,
            stored.after["to"],
            view.progress().unwrap().changes
        ])
    };
    assert_eq!(
        known(&file),
        json!([["c1", "c2", "c3"], [], ["c1", "c2", "c3"], 3])
    );

    let moved = Omissions::from([(RecordId::new("c2"), LeftOut::Freed)]);
    file.omit(&[(seq, moved)]).unwrap();
    assert_eq!(known(&file), json!([["c1", "c3"], [], ["c1", "c3"], 3]));
    file.send(&[seq], 1, "now").unwrap();
    let mut drifted = Settlement::new(State::Failed).label(LocalLabel::Drift, "moved");
    drifted.written = Some(Written::These(vec![
        RecordId::new("c1"),
        RecordId::new("c3"),
    ]));
    file.settle(&[(seq, drifted)]).unwrap();
    assert_eq!(known(&file), json!([[], ["c1", "c3"], ["c1", "c3"], 2]));

    assert_eq!(file.retry_failed().unwrap(), 1);
    let whole = json!(["c1", "c3", "c2"]);
    assert_eq!(known(&file), json!([["c2"], ["c1", "c3"], whole, 3]));
    file.send(&[seq], 1, "now").unwrap();
    assert_eq!(known(&file), json!([["c2"], ["c1", "c3"], whole, 3]));
    file.settle(&[(seq, Settlement::new(State::Ok))]).unwrap();
    assert_eq!(known(&file), json!([[], ["c1", "c2", "c3"], whole, 3]));
    assert_eq!(file.retry_failed().unwrap(), 0);
}

#[test]
fn what_was_written_otherwise_than_asked_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = two_steps(folder.path());
    let seq = Seq::new(StepNo(0), 0);
    file.send(&[seq], 1, "now").unwrap();
    let mut lost = Settlement::new(State::Failed).label(LocalLabel::NotStored, "lost");
    lost.written = Some(Written::All);
    let before = file.progress().unwrap().changes;
    file.settle(&[(seq, lost)]).unwrap();
    // What is built on it is no change any more; it is one itself.
    assert_eq!(file.progress().unwrap().changes, before - 1);
    assert_eq!(file.retry_failed().unwrap(), 1, "what was skipped for it");
    assert_eq!(file.state(seq).unwrap(), Some(State::Failed));
    let view = file.view().unwrap();
    assert_eq!(view.done(StepNo(0), None, 10).unwrap().len(), 1);
    assert_eq!(view.failed_and_written().unwrap(), 1);
}

/// Found by an index, from the far end: nobody reads all links to know of one record who links it.
#[test]
fn who_links_a_record_is_found_by_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = one_link(folder.path());
    let seq = Seq::new(StepNo(0), 0);
    let change = file.operation(seq).unwrap().unwrap().change.unwrap();
    file.lead(&[(seq, change.clone())]).unwrap();
    file.lead(&[(seq, change)]).unwrap();
    let found = |file: &RunFile, near: &str, other: &str, before: u32| {
        let (module, link) = (ModuleName::new("Accounts"), LinkName::new("contacts"));
        let pair = (&RecordId::new(near), &RecordId::new(other));
        let before = Seq::new(StepNo(before), 0);
        file.leading_to(&module, &link, pair, before).unwrap()
    };
    assert_eq!(found(&file, "b", "c2", 1), [seq]);
    assert_eq!(found(&file, "a", "c2", 1), [], "its own");
    assert_eq!(found(&file, "b", "c9", 1), []);
    assert_eq!(found(&file, "b", "c2", 0), [], "a later one");
    assert!(file.links(seq).unwrap().contains(&RecordId::new("c2")));
    file.settle(&[(seq, Settlement::new(State::Failed))])
        .unwrap();
    assert_eq!(found(&file, "b", "c2", 1), [], "it was not done");
    file.forget_items(StepNo(0)).unwrap();
    let left: i64 = file
        .connection
        .query_row("SELECT count(*) FROM led_to", (), |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}
