//! From a column's value to JSON text as Sugar prints it (fact sheet 4.1).

use rusqlite::types::ValueRef;
use serde_json::Value;

use crate::sandbox::schema::EmailPart;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Kind;
use crate::sandbox::schema::Place;
use crate::sandbox::time::Zone;

/// How the value of one selected column becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decode {
    Text,
    MultiEnum,
    Bool,
    Int,
    Decimal,
    DateTime,
    /// From the addresses of a record, all or one thing of them.
    Email(EmailPart),
    Tags,
    Teams,
}

impl Decode {
    pub(crate) fn of(field: &Field) -> Self {
        match field.place {
            Place::Email(part) => return Self::Email(part),
            Place::Favorite | Place::Following => return Self::Bool,
            Place::Tags => return Self::Tags,
            Place::Teams => return Self::Teams,
            _ => {}
        }
        match field.kind {
            Kind::Id | Kind::Text | Kind::Date => Self::Text,
            Kind::MultiEnum => Self::MultiEnum,
            Kind::Bool => Self::Bool,
            Kind::Int => Self::Int,
            Kind::Decimal { .. } => Self::Decimal,
            Kind::DateTime => Self::DateTime,
        }
    }

    /// The value of an unset field. Text is `""`, never null (`annual_revenue` in the guide's samples).
    pub(crate) fn unset(self) -> &'static str {
        match self {
            Self::Text | Self::Decimal | Self::DateTime => "\"\"",
            Self::Bool => "false",
            Self::Int => "null",
            Self::MultiEnum | Self::Tags | Self::Teams => "[]",
            Self::Email(part) => match part {
                EmailPart::Collection => "[]",
                EmailPart::Primary | EmailPart::Second => "\"\"",
                EmailPart::OptOut | EmailPart::Invalid => "false",
            },
        }
    }

    /// The value as JSON, where it does not go out as text.
    pub(crate) fn json(self, value: ValueRef<'_>, zone: &Zone) -> Value {
        let mut text = String::new();
        self.write(value, zone, &mut text);
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Appends the value as JSON.
    pub(crate) fn write(self, value: ValueRef<'_>, zone: &Zone, out: &mut String) {
        match (self, value) {
            (_, ValueRef::Null | ValueRef::Blob(_)) => out.push_str(self.unset()),
            (Self::Bool, ValueRef::Integer(number)) => {
                out.push_str(if number == 0 { "false" } else { "true" });
            }
            (Self::Int, ValueRef::Integer(number)) => out.push_str(&number.to_string()),
            (_, ValueRef::Integer(number)) => quoted(&number.to_string(), out),
            (_, ValueRef::Real(number)) => quoted(&number.to_string(), out),
            (_, ValueRef::Text(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => self.write_text(text, zone, out),
                Err(_) => self.write_text(&String::from_utf8_lossy(bytes), zone, out),
            },
        }
    }

    fn write_text(self, text: &str, zone: &Zone, out: &mut String) {
        match self {
            Self::DateTime if !text.is_empty() => quoted(&zone.print(text), out),
            Self::MultiEnum if text.is_empty() => out.push_str(self.unset()),
            Self::MultiEnum => list(
                // Keys may hold commas; only what stands between two of them ends a key.
                text.strip_prefix('^')
                    .and_then(|text| text.strip_suffix('^'))
                    .unwrap_or(text)
                    .split("^,^"),
                out,
                |key, out| {
                    quoted(key, out);
                },
            ),
            Self::Email(_) | Self::Tags if text == "[]" => out.push_str(self.unset()),
            Self::Email(part) => write_emails(part, text, out),
            Self::Tags => list(rows(text).iter(), out, |row, out| {
                let name = row.get(1).and_then(Value::as_str).unwrap_or_default();
                out.push_str("{\"id\":");
                out.push_str(&cell(row, 0).to_string());
                out.push_str(",\"name\":");
                quoted(name, out);
                out.push_str(",\"tags__name_lower\":");
                quoted(&name.to_lowercase(), out);
                out.push('}');
            }),
            // The sandbox wrote this JSON itself.
            Self::Teams => out.push_str(text),
            _ => quoted(text, out),
        }
    }
}

/// Places in the rows of addresses that a record's sub-select collects.
const ADDRESS: usize = 0;
const FLAGS: [(&str, usize); 4] = [
    ("opt_out", 1),
    ("invalid_email", 2),
    ("primary_address", 3),
    ("reply_to_address", 4),
];
const PRIMARY: usize = 3;

fn write_emails(part: EmailPart, text: &str, out: &mut String) {
    let rows = rows(text);
    let flag = |row: &[Value], index| {
        if cell(row, index).as_i64() == Some(1) {
            "true"
        } else {
            "false"
        }
    };
    let primary = rows.iter().find(|row| flag(row, PRIMARY) == "true");
    let address = |row: Option<&Vec<Value>>, out: &mut String| match row {
        Some(row) => out.push_str(&cell(row, ADDRESS).to_string()),
        None => out.push_str("\"\""),
    };
    match part {
        EmailPart::Collection => list(rows.iter(), out, |row, out| {
            out.push_str("{\"email_address\":");
            out.push_str(&cell(row, ADDRESS).to_string());
            for (name, index) in FLAGS {
                out.push_str(",\"");
                out.push_str(name);
                out.push_str("\":");
                out.push_str(flag(row, index));
            }
            out.push('}');
        }),
        EmailPart::Primary => address(primary, out),
        EmailPart::Second => address(rows.iter().find(|row| flag(row, PRIMARY) == "false"), out),
        EmailPart::OptOut => out.push_str(primary.map_or("false", |row| flag(row, 1))),
        EmailPart::Invalid => out.push_str(primary.map_or("false", |row| flag(row, 2))),
    }
}

fn cell(row: &[Value], index: usize) -> &Value {
    row.get(index).unwrap_or(&Value::Null)
}

/// The rows that a sub-select collected as a JSON array of arrays.
fn rows(text: &str) -> Vec<Vec<Value>> {
    serde_json::from_str(text).unwrap_or_default()
}

fn list<T>(items: impl Iterator<Item = T>, out: &mut String, write: impl Fn(T, &mut String)) {
    out.push('[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

/// Appends a JSON string. Most text needs no escape, and then none is looked for twice.
fn quoted(text: &str, out: &mut String) {
    if text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
    {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}
