//! The columns of one read: which fields, by which expressions, printed how.

use super::Decode;
use super::expression;
use super::expression::email;
use crate::sandbox::schema::EmailPart;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::Place;
use crate::sandbox::schema::Schema;
use crate::sandbox::schema::quoted;
use crate::sandbox::time::Zone;
use rusqlite::Row;

/// A list of fields, ready to be selected from the module's table under the alias `t`.
#[derive(Debug)]
pub(crate) struct Projection {
    /// What every record begins with.
    opening: String,
    columns: Vec<Column>,
    /// What every record ends with: the fields that nothing is stored for.
    closing: String,
    pub(crate) select: String,
    /// Reads one living record by its id (parameter 2).
    pub(crate) by_id: String,
}

/// One field of the output.
#[derive(Debug)]
struct Column {
    /// `,"name":`
    key: String,
    /// The column of the SELECT; the parts of the email addresses share one.
    source: usize,
    decode: Decode,
}

/// Present in every record, whatever `fields` asks for (fact sheet 1.2).
const ALWAYS: [&str; 2] = ["id", "date_modified"];

impl Projection {
    /// All fields that Sugar prints in a full record: everything but links.
    pub(crate) fn full(schema: &Schema, module: &Module) -> Self {
        Self::of(
            schema,
            module,
            module.fields.values().filter(|field| !field.is_link()),
        )
    }

    /// The named fields and those that are always there. Names the module does not have are passed over.
    pub(crate) fn named(schema: &Schema, module: &Module, names: &[String]) -> Self {
        // A relate's name brings its id along, as the two are of use only together.
        let pairs: Vec<&str> = names
            .iter()
            .filter_map(|name| module.field(name)?.definition.get("id_name")?.as_str())
            .collect();
        let fields = module.fields.values().filter(|field| {
            let name = field.name.as_str();
            !field.is_link()
                && (ALWAYS.contains(&name)
                    || pairs.contains(&name)
                    || names.iter().any(|asked| asked == name))
        });
        Self::of(schema, module, fields)
    }

    fn of<'a>(
        schema: &Schema,
        module: &'a Module,
        fields: impl Iterator<Item = &'a Field>,
    ) -> Self {
        let mut columns = Vec::new();
        let mut closing = String::new();
        let mut expressions: Vec<String> = Vec::new();
        let mut addresses = None;
        for field in fields {
            let key = format!(",\"{}\":", field.name);
            let decode = Decode::of(field);
            if matches!(field.place, Place::Nowhere) {
                closing.push_str(&key);
                closing.push_str(match field.name.as_str() {
                    "locked_fields" => "[]",
                    "team_count" => "\"\"",
                    _ => decode.unset(),
                });
                continue;
            }
            let next = expressions.len();
            let source = match field.place {
                Place::Email(_) => *addresses.get_or_insert(next),
                _ => next,
            };
            if source == next {
                expressions.push(match field.place {
                    Place::Email(_) => email(module, EmailPart::Collection, "t.id"),
                    _ => expression(schema, module, field, "t"),
                });
            }
            columns.push(Column {
                key,
                source,
                decode,
            });
        }
        closing.push('}');
        let table = quoted(&module.table);
        let select = expressions.join(", ");
        let by_id = format!("SELECT {select} FROM {table} t WHERE t.id = ?2 AND t.deleted = 0");
        let opening = format!(
            "{{\"_acl\":{{\"fields\":{{}}}},\"_module\":\"{}\"",
            module.name
        );
        Self {
            opening,
            columns,
            closing,
            select,
            by_id,
        }
    }

    /// One record as Sugar prints it, as JSON text: most records go out as they are, and a map of eighty fields would
    /// cost more than all the rest of a read.
    pub(crate) fn bean(&self, row: &Row<'_>, zone: &Zone) -> rusqlite::Result<String> {
        let mut out = String::with_capacity(2_048);
        out.push_str(&self.opening);
        for column in &self.columns {
            out.push_str(&column.key);
            column
                .decode
                .write(row.get_ref(column.source)?, zone, &mut out);
        }
        out.push_str(&self.closing);
        Ok(out)
    }
}
