//! The steps of a playbook as a graph, for Mermaid and for Graphviz.
//!
//! An arrow leads from a step to one that uses its results; a dashed one to a step that only waits for it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Outcome;
use crate::check::Checked;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::diag::counted;
use crate::playbook::Wait;
use crate::runfile::StepView;

/// In what language a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFormat {
    /// Which GitHub and GitLab draw in Markdown.
    Mermaid,
    Dot,
}

/// The graph of a playbook; with the steps of a run, each says what became of it.
pub fn graph(checked: &Checked, run: Option<&[StepView]>, format: GraphFormat) -> String {
    let run: BTreeMap<&str, &StepView> = run
        .unwrap_or_default()
        .iter()
        .map(|step| (step.id.as_str(), step))
        .collect();
    let nodes: Vec<Node> = checked
        .steps
        .iter()
        .map(|step| node(step, run.get(step.id.as_str()).copied()))
        .collect();
    let edges: Vec<Edge> = checked.steps.iter().flat_map(edges).collect();
    match format {
        GraphFormat::Mermaid => mermaid(&nodes, &edges),
        GraphFormat::Dot => dot(&checked.name, &nodes, &edges),
    }
}

/// What a step does to the instance decides how it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    Read,
    Write,
    Assert,
    /// Writes a file of this machine.
    Export,
}

struct Node {
    number: u32,
    /// The step's id first, each of them on a line of its own.
    lines: Vec<String>,
    look: Look,
}

struct Edge {
    from: u32,
    to: u32,
    kind: EdgeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EdgeKind {
    Uses,
    Waits(Wait),
}

impl EdgeKind {
    fn label(self) -> Option<&'static str> {
        match self {
            Self::Uses => None,
            Self::Waits(Wait::Succeeded) => Some("depends on"),
            Self::Waits(Wait::Finished) => Some("waits for"),
        }
    }
}

fn node(step: &CheckedStep, run: Option<&StepView>) -> Node {
    let what = match step.module() {
        Some(module) => format!("{} {}", step.verb, module.value),
        None => step.verb.to_owned(),
    };
    let what = if step.items.is_some() {
        format!("{what}, for each")
    } else {
        what
    };
    let look = match step.action {
        CheckedAction::Read(_) => Look::Read,
        CheckedAction::Write(_) => Look::Write,
        CheckedAction::Assert { .. } => Look::Assert,
        CheckedAction::Export { .. } => Look::Export,
    };
    let mut lines = vec![step.id.clone(), what];
    lines.extend(run.map(|run| became(run, look)));
    Node {
        number: step.number.0,
        lines,
        look,
    }
}

/// What a run says of a step: operations by outcome, or how much was read.
fn became(step: &StepView, look: Look) -> String {
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for (state, count) in &step.counts {
        *counts.entry(Outcome::from(*state)).or_default() += count;
    }
    let parts: Vec<String> = Outcome::IN_COUNTS
        .iter()
        .filter_map(|outcome| {
            let count = counts.get(outcome).filter(|count| **count > 0)?;
            Some(format!("{count} {outcome}"))
        })
        .collect();
    if !parts.is_empty() {
        return parts.join(", ");
    }
    if !step.expanded {
        return "not known yet".into();
    }
    match (look, step.count) {
        (Look::Read, Some(count)) => format!("counted {count}"),
        (Look::Read, None) => {
            let records = usize::try_from(step.records).unwrap_or(usize::MAX);
            counted(records, "record")
        }
        (Look::Export, _) => counted(usize::try_from(step.records).unwrap_or(usize::MAX), "row"),
        (Look::Assert, _) => "holds".into(),
        (Look::Write, _) => "nothing to do".into(),
    }
}

fn edges(step: &CheckedStep) -> impl Iterator<Item = Edge> {
    step.upstream.iter().map(|from| {
        let waits = step.depends_on.iter().find(|(on, _)| on == from);
        Edge {
            from: from.0,
            to: step.number.0,
            kind: waits.map_or(EdgeKind::Uses, |(_, wait)| EdgeKind::Waits(*wait)),
        }
    })
}

fn mermaid(nodes: &[Node], edges: &[Edge]) -> String {
    let mut text = "flowchart TD\n".to_owned();
    for node in nodes {
        // Nodes are numbered: a step may be called `end`, which is a word of the language.
        let (open, close, class) = match node.look {
            Look::Read => ("([", "])", "read"),
            Look::Write => ("[", "]", "write"),
            Look::Assert => ("{{", "}}", "assert"),
            Look::Export => ("[/", "/]", "export"),
        };
        let label = mermaid_text(&node.lines);
        line(
            &mut text,
            &format!("s{}{open}\"{label}\"{close}:::{class}", node.number),
        );
    }
    for edge in edges {
        let arrow = match edge.kind.label() {
            None => "-->".to_owned(),
            Some(label) => format!("-. {label} .->"),
        };
        line(&mut text, &format!("s{} {arrow} s{}", edge.from, edge.to));
    }
    line(
        &mut text,
        "classDef read fill:#eef6ff,stroke:#3b6ea5,color:#000",
    );
    line(
        &mut text,
        "classDef write fill:#fff3e0,stroke:#c46a00,color:#000,stroke-width:2px",
    );
    line(
        &mut text,
        "classDef assert fill:#f3f3f3,stroke:#777,color:#000",
    );
    if nodes.iter().any(|node| node.look == Look::Export) {
        line(
            &mut text,
            "classDef export fill:#eaf7ea,stroke:#3a7d3a,color:#000",
        );
    }
    text
}

fn mermaid_text(lines: &[String]) -> String {
    let escaped: Vec<String> = lines
        .iter()
        .map(|line| {
            line.replace('#', "#35;")
                .replace('"', "#quot;")
                .replace('<', "#lt;")
                .replace('>', "#gt;")
        })
        .collect();
    escaped.join("<br/>")
}

fn dot(name: &str, nodes: &[Node], edges: &[Edge]) -> String {
    let mut text = format!("digraph \"{}\" {{\n", dot_text(name));
    line(&mut text, "node [fontname=\"sans-serif\", style=filled];");
    for node in nodes {
        let look = match node.look {
            Look::Read => "shape=box, style=\"rounded,filled\", fillcolor=\"#eef6ff\"",
            Look::Write => "shape=box, penwidth=2, fillcolor=\"#fff3e0\"",
            Look::Assert => "shape=hexagon, fillcolor=\"#f3f3f3\"",
            Look::Export => "shape=note, fillcolor=\"#eaf7ea\"",
        };
        let label: Vec<String> = node.lines.iter().map(|line| dot_text(line)).collect();
        line(
            &mut text,
            &format!(
                "s{} [label=\"{}\", {look}];",
                node.number,
                label.join("\\n")
            ),
        );
    }
    for edge in edges {
        let look = edge.kind.label().map_or(String::new(), |label| {
            format!(" [style=dashed, label=\"{label}\"]")
        });
        line(&mut text, &format!("s{} -> s{}{look};", edge.from, edge.to));
    }
    text.push_str("}\n");
    text
}

fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "  {line}").expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_label_is_escaped() {
        let lines = ["a".to_owned(), "list \"X\" <#1>".to_owned()];
        assert_eq!(
            mermaid_text(&lines),
            "a<br/>list #quot;X#quot; #lt;#35;1#gt;"
        );
        assert_eq!(dot_text(r#"a "b" \n"#), r#"a \"b\" \\n"#);
    }
}
