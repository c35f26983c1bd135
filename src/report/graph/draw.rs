//! Nodes and arrows as Mermaid and as DOT.

use std::fmt::Write;

/// What a node stands for decides how it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Read,
    Write,
    Assert,
    /// Writes a file of this machine.
    Export,
    Batch,
}

pub(super) struct Node {
    pub(super) name: String,
    /// What it is first, each on a line of its own.
    pub(super) lines: Vec<String>,
    pub(super) look: Look,
}

/// With a label, it is dashed.
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) label: Option<String>,
}

pub(super) fn mermaid(nodes: &[Node], edges: &[Edge]) -> String {
    let mut text = "flowchart TD\n".to_owned();
    for node in nodes {
        let (open, close, class) = match node.look {
            Look::Read => ("([", "])", "read"),
            Look::Write => ("[", "]", "write"),
            Look::Assert => ("{{", "}}", "assert"),
            Look::Export => ("[/", "/]", "export"),
            Look::Batch => ("[[", "]]", "batch"),
        };
        let label = mermaid_text(&node.lines);
        line(
            &mut text,
            &format!("{}{open}\"{label}\"{close}:::{class}", node.name),
        );
    }
    for edge in edges {
        let arrow = match &edge.label {
            None => "-->".to_owned(),
            Some(label) => format!("-. {label} .->"),
        };
        line(&mut text, &format!("{} {arrow} {}", edge.from, edge.to));
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
    if nodes.iter().any(|node| node.look == Look::Batch) {
        line(
            &mut text,
            "classDef batch fill:#f6efff,stroke:#6b4aa0,color:#000",
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

pub(super) fn dot(name: &str, nodes: &[Node], edges: &[Edge]) -> String {
    let mut text = format!("digraph \"{}\" {{\n", dot_text(name));
    line(&mut text, "node [fontname=\"sans-serif\", style=filled];");
    for node in nodes {
        let look = match node.look {
            Look::Read => "shape=box, style=\"rounded,filled\", fillcolor=\"#eef6ff\"",
            Look::Write => "shape=box, penwidth=2, fillcolor=\"#fff3e0\"",
            Look::Assert => "shape=hexagon, fillcolor=\"#f3f3f3\"",
            Look::Export => "shape=note, fillcolor=\"#eaf7ea\"",
            Look::Batch => "shape=box3d, fillcolor=\"#f6efff\"",
        };
        let label: Vec<String> = node.lines.iter().map(|line| dot_text(line)).collect();
        line(
            &mut text,
            &format!("{} [label=\"{}\", {look}];", node.name, label.join("\\n")),
        );
    }
    for edge in edges {
        let look = edge.label.as_ref().map_or(String::new(), |label| {
            format!(" [style=dashed, label=\"{label}\"]")
        });
        line(&mut text, &format!("{} -> {}{look};", edge.from, edge.to));
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
