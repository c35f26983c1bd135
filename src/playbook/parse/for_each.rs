//! `for_each`: a template, a JSONPath, a list, or a file.

use std::path::PathBuf;

use super::super::ast::DataFile;
use super::super::ast::DataFormat;
use super::super::ast::ForEach;
use super::super::code;
use super::super::language::FILES;
use super::super::language::FileKind;
use super::super::language::Key;
use super::super::node::Node;
use super::entries::Entries;
use super::reader::Reader;
use super::reader::is_template;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;
use crate::diag::one_of;

/// What goes through a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walker {
    ForEach,
    Export,
}

impl Walker {
    fn as_str(self) -> &'static str {
        match self {
            Self::ForEach => "for_each",
            Self::Export => "export",
        }
    }
}

/// Stands for a list that could not be read. Without any, each use of an item would seem wrong.
pub(super) fn unread_list(span: Span) -> Located<ForEach> {
    let item = Located::new(Node::Unread, span);
    Located::new(ForEach::Literal(vec![item]), span)
}

/// Reads what stands behind `for_each`, or behind a verb that goes through rows.
pub(super) fn for_each(
    reader: &mut Reader<'_>,
    owner: Walker,
    node: Located<Node>,
) -> Located<ForEach> {
    let span = node.span;
    let source = match node.value {
        Node::Text(text) if text.starts_with('$') => Some(ForEach::JsonPath(text)),
        Node::Text(text) if is_template(&text) => Some(ForEach::Template(text)),
        Node::Text(text) => {
            not_a_list(reader, owner, &text, span);
            None
        }
        Node::List(items) => Some(ForEach::Literal(items)),
        Node::Map(_) => file(reader, owner, Located::new(node.value, span))
            .map(Box::new)
            .map(ForEach::File),
        value => {
            let found = Located::new(value, span);
            reader.wrong_kind(
                owner.as_str(),
                "a list, a template, a JSONPath or a file",
                &found,
            );
            None
        }
    };
    source.map_or_else(|| unread_list(span), |source| Located::new(source, span))
}

fn not_a_list(reader: &mut Reader<'_>, owner: Walker, text: &str, span: Span) {
    let help = match kind_named(text) {
        Some(name) => format!("a file is written `{{ {name}: {text} }}`"),
        None if text.starts_with("steps") || text.starts_with("vars") => {
            format!("a template has braces: `\"{{{{ {text} }}}}\"`")
        }
        None if owner == Walker::Export => {
            "write a template, `\"{{ steps.made.items }}\"`, or a JSONPath that begins with `$`".to_owned()
        }
        None => "write a template, a JSONPath that begins with `$`, a list, or a file: `{ csv: rows.csv }`".to_owned(),
    };
    reader.invalid(
        span,
        format!("`{}` wants a list", owner.as_str()),
        "this is only text",
        help,
    );
}

/// The kind of file that the ending of a path says.
fn kind_named(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    let mut names = FILES.iter().map(|(_, name, _)| *name);
    names.find(|name| extension.eq_ignore_ascii_case(name))
}

fn file(reader: &mut Reader<'_>, owner: Walker, node: Located<Node>) -> Option<DataFile> {
    let span = node.span;
    let mut entries = Entries::of(reader, owner.as_str(), node)?;
    let mut named = FILES
        .iter()
        .filter_map(|(kind, name, keys)| Some((*kind, *keys, entries.take_entry(name)?)))
        .collect::<Vec<_>>();
    let Some((kind, keys, (key, path))) = named.pop() else {
        let names = FILES.iter().map(|(_, name, _)| *name);
        let message = format!("`{}` wants a file: {}", owner.as_str(), one_of(names));
        let help = match entries
            .texts()
            .find_map(|text| Some((kind_named(text)?, text)))
        {
            Some((kind, path)) => format!("write `{{ {kind}: {path} }}`"),
            None => "write `{ csv: rows.csv }`, or a list of maps: `[{ … }]`".to_owned(),
        };
        reader.invalid(span, message, "this map names no file", help);
        return None;
    };
    if let Some((_, _, (other, _))) = named.pop() {
        let problem = Problem::error(
            code::INVALID_PARAMETER,
            format!("`{}` takes one file", owner.as_str()),
        )
        .at(key.span, "the second")
        .at(other.span, "the first")
        .help("make two steps of it");
        reader.report(problem);
        return None;
    }
    let names = options(keys).iter().map(|key| key.name);
    let owned_by = match kind {
        FileKind::Xlsx => "an `xlsx` file".to_owned(),
        FileKind::Csv | FileKind::Jsonl | FileKind::Json => format!("a `{}` file", key.value),
    };
    entries.mend(reader, &owned_by, &names);
    let path = reader.plain_text(&key.value, path);
    if let Some(path) = &path
        && kind != FileKind::Xlsx
        && kind_named(&path.value) == Some("xlsx")
    {
        let message = format!("`{}` is a workbook", path.value);
        let help = format!("write `{{ xlsx: {} }}`", path.value);
        reader.invalid(path.span, message, "read as text", help);
        return None;
    }
    let format = match kind {
        FileKind::Csv => csv(reader, &mut entries),
        FileKind::Jsonl => Some(DataFormat::Jsonl),
        FileKind::Json => json(reader, &mut entries),
        FileKind::Xlsx => Some(DataFormat::Xlsx {
            sheet: entries
                .take("sheet")
                .and_then(|node| reader.plain_text("sheet", node)),
        }),
    };
    entries.finish(reader, &owned_by, options(keys));
    Some(DataFile {
        path: path?,
        beside: PathBuf::new(),
        format: format?,
    })
}

/// The keys that stand beside the one that names the file.
fn options(keys: &'static [Key]) -> &'static [Key] {
    &keys[1..]
}

fn json(reader: &mut Reader<'_>, entries: &mut Entries) -> Option<DataFormat> {
    let Some(node) = entries.take("select") else {
        return Some(DataFormat::Json { select: None });
    };
    let path = reader.json_path("select", node)?;
    Some(DataFormat::Json { select: Some(path) })
}

fn csv(reader: &mut Reader<'_>, entries: &mut Entries) -> Option<DataFormat> {
    let own_span = entries.span;
    let delimiter = entries.take("delimiter");
    let quote = entries.take("quote");
    let second = quote.as_ref().map(|node| node.span);
    let delimiter = byte(reader, "delimiter", delimiter, b',');
    let quote = byte(reader, "quote", quote, b'"');
    let encoding = match entries.take("encoding") {
        None => Some(Located::new("utf-8".to_owned(), own_span)),
        Some(node) => encoding(reader, node),
    };
    let (delimiter, quote) = (delimiter?, quote?);
    if delimiter == quote {
        let message = "`delimiter` and `quote` are the same character".to_owned();
        let help = "cells could not be told apart; choose another".to_owned();
        reader.invalid(second.unwrap_or(own_span), message, "stands for both", help);
        return None;
    }
    Some(DataFormat::Csv {
        delimiter,
        quote,
        encoding: encoding?,
    })
}

fn byte(
    reader: &mut Reader<'_>,
    name: &str,
    node: Option<Located<Node>>,
    default: u8,
) -> Option<u8> {
    let Some(node) = node else {
        return Some(default);
    };
    let text = reader.text(name, node)?;
    match text.value.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Some(*byte),
        _ => {
            let message = format!("`{name}` wants exactly one ASCII character");
            let help = match name {
                "quote" => "leave it out for `\"`, or write what cells stand in where they have a delimiter inside",
                _ => "such as `\";\"`; a tab is written `\"\\t\"`",
            }
            .to_owned();
            reader.invalid(text.span, message, "not one character", help);
            None
        }
    }
}

fn encoding(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Located<String>> {
    let name = reader.plain_text("encoding", node)?;
    if encoding_rs::Encoding::for_label(name.value.as_bytes()).is_some() {
        return Some(name);
    }
    let message = format!("no encoding is called `{}`", name.value);
    let help = "such as `utf-8`, `windows-1252`, `iso-8859-15` or `utf-16le`".to_owned();
    reader.invalid(name.span, message, "unknown encoding", help);
    None
}
