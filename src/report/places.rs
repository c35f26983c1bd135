//! Where a step stands in its playbook, for renderings that point at lines.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use super::Diagnostic;
use super::stored;
use crate::diag::Sources;
use crate::diag::Span;
use crate::playbook::Playbook;
use crate::runfile::ExceededLimit;
use crate::runfile::PlaybookText;

/// Limits that a guard holds.
const LIMITS: [&str; 3] = ["max_changes", "max_deletes", "max_calls"];

#[derive(Debug, Default)]
pub(super) struct Places {
    /// Of the name, which stands at the top.
    top: Option<Place>,
    /// Of the limits, by the id of the include that sets them; the playbook's own have none.
    limits: BTreeMap<(Option<String>, &'static str), Place>,
    /// Of each step, by its full id.
    steps: BTreeMap<String, Place>,
    /// The playbook and those it includes, by name.
    texts: BTreeSet<String>,
    /// Where the playbook lies; data files are named from there.
    folder: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Place {
    fn at(span: Span, sources: &Sources) -> Self {
        let at = sources.position(span);
        Self {
            file: sources.get(span.source).name.clone(),
            line: at.line as u64,
            column: at.column as u64,
        }
    }
}

impl Places {
    /// Read from the texts that the run file keeps. A text of another version that does not parse any more has no places.
    pub(super) fn of(stored: &PlaybookText) -> Self {
        let folder = Path::new(&stored.path).parent();
        let mut places = Self {
            folder: folder.map(Path::to_owned).unwrap_or_default(),
            texts: std::iter::once(stored.path.clone()).collect(),
            ..Self::default()
        };
        if let Some((playbook, sources)) = stored::playbook(stored) {
            places.find(&playbook, &sources);
        }
        places
    }

    fn find(&mut self, playbook: &Playbook, sources: &Sources) {
        self.top = Some(Place::at(playbook.name.span, sources));
        let included = playbook.included.iter();
        let included = included.map(|one| (Some(one.id.value.clone()), &one.limit_places));
        for (include, places) in std::iter::once((None, &playbook.limit_places)).chain(included) {
            for name in LIMITS {
                if let Some(span) = places.of(name) {
                    let place = Place::at(span, sources);
                    self.limits.insert((include.clone(), name), place);
                }
            }
        }
        for step in &playbook.steps {
            let place = Place::at(step.id.span, sources);
            self.texts.insert(place.file.clone());
            self.steps.insert(step.id.value.clone(), place);
        }
    }

    /// The line of a limit. One that is not written holds all the same: then `limits` or, without that, the top of the
    /// playbook is where it would stand.
    pub(super) fn of_limit(&self, limit: &ExceededLimit) -> Option<Place> {
        let name = LIMITS.into_iter().find(|name| *name == limit.name)?;
        let written = self.limits.get(&(limit.include.clone(), name));
        written.or(self.top.as_ref()).cloned()
    }

    pub(super) fn of_step(&self, id: &str) -> Option<&Place> {
        self.steps.get(id)
    }

    /// A data file as it is named from where the playbook was.
    fn data_file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// The diagnostic with a place somebody else can find: its data row, or the line of its step.
    pub(super) fn located(&self, diagnostic: Diagnostic) -> Diagnostic {
        let of_step = diagnostic.step.as_deref().and_then(|id| self.of_step(id));
        match (&diagnostic.file, of_step) {
            (Some(file), _) if !self.texts.contains(file) => Diagnostic {
                file: Some(self.data_file(file)),
                ..diagnostic
            },
            (None, Some(place)) => Diagnostic {
                file: Some(place.file.clone()),
                line: Some(place.line),
                column: Some(place.column),
                ..diagnostic
            },
            (Some(_), _) | (None, None) => diagnostic,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::IncludedText;

    #[test]
    fn a_step_is_found_where_it_is_written() {
        let outer = "version: 1\nname: outer\nsteps:\n  - id: load\n    include: parts/load.yaml\n  - id: hello\n    ping: {}\n";
        let inner = "version: 1\nname: load\nsteps:\n  - ping: {}\n    id: first\n";
        let places = Places::of(&PlaybookText {
            name: "outer".into(),
            path: "jobs/outer.yaml".into(),
            text: outer.into(),
            includes: vec![IncludedText {
                path: "parts/load.yaml".into(),
                text: inner.into(),
            }],
        });
        let at = |id: &str| {
            let place = places.of_step(id).unwrap();
            (place.file.as_str(), place.line, place.column)
        };
        assert_eq!(at("hello"), ("jobs/outer.yaml", 6, 9));
        assert_eq!(at("load.first"), ("jobs/parts/load.yaml", 5, 9));
    }

    /// Where it would stand, if it is not written; that of an include in the file that is included.
    #[test]
    fn a_limit_is_found_where_it_is_written() {
        let outer = "version: 1\nname: outer\nlimits:\n  max_changes: 3\nsteps:\n  - id: load\n    include: load.yaml\n";
        let inner =
            "version: 1\nname: load\nlimits: { max_changes: 2 }\nsteps:\n  - { id: a, ping: {} }\n";
        let places = |outer: &str| {
            Places::of(&PlaybookText {
                name: "outer".into(),
                path: "outer.yaml".into(),
                text: outer.into(),
                includes: vec![IncludedText {
                    path: "load.yaml".into(),
                    text: inner.into(),
                }],
            })
        };
        let without = outer.replace("limits:\n  max_changes: 3\n", "");
        for (text, name, include, file, line, column) in [
            (outer, "max_changes", None, "outer.yaml", 4, 3),
            (outer, "max_deletes", None, "outer.yaml", 3, 1),
            (outer, "max_changes", Some("load"), "load.yaml", 3, 11),
            (without.as_str(), "max_deletes", None, "outer.yaml", 2, 7),
        ] {
            let limit = ExceededLimit {
                name: name.to_owned(),
                include: include.map(str::to_owned),
            };
            let place = places(text).of_limit(&limit).unwrap();
            assert_eq!(
                (place.file.as_str(), place.line, place.column),
                (file, line, column)
            );
        }
    }

    #[test]
    fn a_text_that_does_not_read_has_no_places() {
        let places = Places::of(&PlaybookText {
            name: "x".into(),
            path: "x.yaml".into(),
            text: "version: 99".into(),
            includes: Vec::new(),
        });
        assert_eq!(places.of_step("hello"), None);
    }
}
