//! The batches of a run: which operations rode in each, and why they had to wait for another.

use super::draw::Edge;
use super::draw::Look;
use super::draw::Node;
use crate::check::Checked;
use crate::diag::counted;
use crate::expr::EdgeKind;
use crate::report::ReportError;
use crate::runfile::PackedBatch;
use crate::runfile::RunView;

/// Batches drawn at most; nobody reads more.
const DRAWN: u64 = 50;

/// A node for each of the first batches, and an arrow to each from those it had to wait for.
pub(super) fn batches(
    checked: &Checked,
    view: &RunView,
) -> Result<(Vec<Node>, Vec<Edge>), ReportError> {
    let batches = view.batches(DRAWN)?;
    let Some(last) = batches.last().map(|batch| batch.number) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut nodes: Vec<Node> = batches.iter().map(|batch| node(checked, batch)).collect();
    let others = view.batch_count()?.saturating_sub(batches.len() as u64);
    if others > 0 {
        nodes.push(Node {
            name: "others".into(),
            lines: vec![format!("{others} more batches")],
            look: Look::Batch,
        });
    }
    let waits = view.batch_waits(last)?.into_iter();
    let edges = waits.map(|wait| Edge {
        from: name(wait.for_batch),
        to: name(wait.batch),
        label: Some(format!(
            "{} {}",
            operations(wait.operations),
            match (wait.why, wait.operations) {
                (EdgeKind::Order, 1) => "comes after",
                (EdgeKind::Order, _) => "come after",
                (EdgeKind::Value, 1) => "uses a value of",
                (EdgeKind::Value, _) => "use a value of",
                (EdgeKind::PredictedId, 1) => "needs a record of",
                (EdgeKind::PredictedId, _) => "need a record of",
            }
        )),
    });
    Ok((nodes, edges.collect()))
}

fn node(checked: &Checked, batch: &PackedBatch) -> Node {
    let requests = counted(batch.entries, "request");
    let riders = batch.riders.iter().map(|(step, count)| {
        let step = checked.steps.get(step.0 as usize);
        let id = step.map_or("?", |step| step.id.as_str());
        format!("{id}: {}", operations(*count))
    });
    Node {
        name: name(batch.number),
        lines: std::iter::once(format!("batch {}, {requests}", batch.number))
            .chain(riders)
            .collect(),
        look: Look::Batch,
    }
}

fn operations(count: u64) -> String {
    counted(count, "operation")
}

fn name(batch: u64) -> String {
    format!("b{batch}")
}
