//! The steps of a playbook as a graph, for Mermaid and for Graphviz; of a run its batches as well.

mod batches;
mod draw;
mod steps;

use super::ReportError;
use crate::check::Checked;
use crate::runfile::RunView;

/// In what language a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFormat {
    /// Which GitHub and GitLab draw in Markdown.
    Mermaid,
    Dot,
}

/// The graph of a playbook; of a run, each step says what became of it, and the batches that were sent follow.
pub fn graph(
    checked: &Checked,
    run: Option<&RunView>,
    format: GraphFormat,
) -> Result<String, ReportError> {
    let of_run = run.map(RunView::steps).transpose()?;
    let mut nodes = steps::nodes(checked, of_run.as_deref());
    let mut edges = steps::edges(checked);
    if let Some(view) = run {
        let (sent, waits) = batches::batches(checked, view)?;
        nodes.extend(sent);
        edges.extend(waits);
    }
    Ok(match format {
        GraphFormat::Mermaid => draw::mermaid(&nodes, &edges),
        GraphFormat::Dot => draw::dot(&checked.name, &nodes, &edges),
    })
}
