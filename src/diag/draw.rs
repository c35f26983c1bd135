//! Problems as a person reads them: the line, the underlined place, what to do. The only file that names miette.

use std::fmt;

use miette::Diagnostic;
use miette::GraphicalReportHandler;
use miette::GraphicalTheme;
use miette::LabeledSpan;
use miette::MietteError;
use miette::MietteSpanContents;
use miette::SourceCode;
use miette::SourceSpan;
use miette::SpanContents;

use super::Problem;
use super::Problems;
use super::Severity;
use super::Sources;
use super::excerpt::Excerpts;
use super::excerpt::Lines;
use super::excerpt::visible;
use super::words::counted;

/// How problems are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns a line may take.
    pub width: usize,
    pub colour: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    None,
    Ansi,
}

/// Narrower than this nothing can be drawn well, so that it is left to the terminal to break lines.
const NARROWEST: usize = 40;

/// Problems that are drawn. Nobody reads more, and a file of nothing but mistakes may have a million.
const MOST_DRAWN: usize = 1_000;

/// All problems by place, each with its lines, and how many they are. Nothing for no problems.
pub fn draw(problems: &Problems, sources: &Sources, style: Style) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let mut problems = problems.clone();
    problems.sort();
    let excerpts = Excerpts::new(sources);
    let theme = match style.colour {
        Colour::None => GraphicalTheme::unicode_nocolor(),
        Colour::Ansi => GraphicalTheme::unicode(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width.max(NARROWEST))
        .with_links(false)
        .with_show_related_as_nested(false)
        .without_syntax_highlighting();

    let mut drawn = String::new();
    for problem in problems.iter().take(MOST_DRAWN) {
        let drawing = Drawing::new(problem, sources, &excerpts);
        handler
            .render_report(&mut drawn, &drawing)
            .expect("writing to a string does not fail, and every label is inside its excerpt");
        drawn.push('\n');
    }
    if let Some(more @ 1..) = problems.len().checked_sub(MOST_DRAWN) {
        drawn.extend(["… and ", &more.to_string(), " more\n\n"]);
    }
    drawn.push_str(&counts(&problems));
    drawn.push('\n');
    trimmed(&drawn)
}

fn counts(problems: &Problems) -> String {
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Lines without the blanks miette leaves at their ends, and no empty lines at the beginning.
fn trimmed(drawn: &str) -> String {
    let mut text = String::with_capacity(drawn.len());
    for line in drawn.trim_start_matches('\n').lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A problem in miette's terms. Labels of another text than the first one's become drawings of their own below it.
#[derive(Debug)]
struct Drawing<'a> {
    message: String,
    help: Option<String>,
    code: &'static str,
    severity: Severity,
    labels: Vec<LabeledSpan>,
    excerpt: Option<&'a Lines<'a>>,
    elsewhere: Vec<Elsewhere<'a>>,
}

/// A place in another text that explains the problem.
#[derive(Debug)]
struct Elsewhere<'a> {
    message: String,
    label: LabeledSpan,
    excerpt: &'a Lines<'a>,
}

impl<'a> Drawing<'a> {
    fn new(problem: &Problem, sources: &Sources, excerpts: &'a Excerpts<'a>) -> Self {
        let home = problem.labels.first().map(|(span, _)| span.source);
        let mut labels = Vec::new();
        let mut elsewhere = Vec::new();
        for (index, (span, text)) in problem.labels.iter().enumerate() {
            let excerpt = excerpts.of(span.source);
            let range = excerpt.drawable(*span);
            let text = (!text.is_empty()).then(|| visible(text));
            if Some(span.source) == home {
                labels.push(if index == 0 {
                    LabeledSpan::new_primary_with_span(text, range)
                } else {
                    LabeledSpan::new_with_span(text, range)
                });
            } else {
                elsewhere.push(Elsewhere {
                    message: text.unwrap_or_else(|| "see also".to_owned()),
                    label: LabeledSpan::new_primary_with_span(None, range),
                    excerpt,
                });
            }
        }
        for from in home
            .map(|home| sources.included_from(home))
            .unwrap_or_default()
        {
            let excerpt = excerpts.of(from.source);
            elsewhere.push(Elsewhere {
                message: "included from here".to_owned(),
                label: LabeledSpan::new_primary_with_span(None, excerpt.drawable(from)),
                excerpt,
            });
        }
        Self {
            message: message(problem),
            help: problem.help.as_deref().map(visible),
            code: problem.code.0,
            severity: problem.severity,
            labels,
            excerpt: home.map(|source| excerpts.of(source)),
            elsewhere,
        }
    }
}

/// The message, before it the row of the data file, and the step where no line shows it.
fn message(problem: &Problem) -> String {
    let message = visible(&problem.message);
    let message = match (&problem.step, problem.labels.is_empty()) {
        (Some(step), true) => format!("step `{}`: {message}", visible(step)),
        _ => message,
    };
    match &problem.row {
        Some(row) => format!("{}:{}: {message}", visible(&row.file), row.line),
        None => message,
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing<'_> {}

impl Diagnostic for Drawing<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.map(|lines| lines as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        (!self.elsewhere.is_empty()).then(|| {
            Box::new(self.elsewhere.iter().map(|place| place as &dyn Diagnostic)) as Box<_>
        })
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

/// How miette asks for lines.
impl SourceCode for Lines<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let place = span.offset()..span.offset() + span.len();
        let window = self
            .window(&place, before, after)
            .ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            visible(self.name()),
            window.text.as_bytes(),
            SourceSpan::from((window.offset, window.text.len())),
            window.line,
            window.column,
            window.line_count,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Code;
    use super::super::Row;
    use super::super::Span;
    use super::*;

    const PLAIN: Style = Style {
        width: 80,
        colour: Colour::None,
    };

    #[test]
    fn places_help_and_counts_are_shown() {
        let mut sources = Sources::default();
        let playbook = sources.add("playbook.yaml", "version: 1\r\ntittle: Lists\r\n");
        let include = sources.add("shared/owner.yaml", "name: owner\n");
        let span = |source, start, end| Span::new(source, start..end);
        let problems: Problems = [
            Problem::warning(Code("no_key"), "this create has no `key`").step("make"),
            Problem::error(Code("invalid_parameter"), "`12,5` is not a number").row(Row {
                file: "rows.csv".into(),
                line: 17,
            }),
            Problem::error(Code("unknown_key"), "unknown key `tittle`")
                .at(span(playbook, 12, 18), "not a key of a playbook")
                .at(span(playbook, 0, 7), "a key of a playbook")
                .at(span(include, 6, 11), "included from here")
                .help("did you mean `name`?"),
        ]
        .into_iter()
        .collect();
        insta::assert_snapshot!(draw(&problems, &sources, PLAIN));
    }

    #[test]
    fn no_problems_draw_nothing() {
        assert_eq!(draw(&Problems::default(), &Sources::default(), PLAIN), "");
    }

    #[test]
    fn more_than_anybody_reads_is_only_counted() {
        let problems: Problems = (0..1_500)
            .map(|_| Problem::error(Code("unknown_key"), "unknown key `x`"))
            .collect();
        let drawn = draw(&problems, &Sources::default(), PLAIN);
        assert_eq!(drawn.matches("unknown key").count(), MOST_DRAWN);
        assert!(
            drawn.ends_with("\n… and 500 more\n\n1500 errors\n"),
            "{drawn}"
        );
    }

    #[test]
    fn any_place_can_be_drawn() {
        let texts = [
            "",
            "\n",
            "\r\n\r\n",
            "\u{feff}a: ä\tb\n",
            &"x".repeat(5_000),
        ];
        for text in texts {
            let mut sources = Sources::default();
            let source = sources.add("a.yaml", text);
            for start in 0..=(text.len() + 1).min(40) {
                for length in [0, 1, 3, 4_000] {
                    let end = start + length;
                    let problem = Problem::error(Code("yaml_syntax"), "broken")
                        .at(Span::new(source, start..end), "here")
                        .at(Span::new(source, 0..1), "there");
                    draw(&problem.into(), &sources, PLAIN);
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_labels_in_any_text_can_be_drawn(
            text in "[aä \t\r\n\u{1b}\u{202e}]{0,40}",
            filler in 0..5_000_usize,
            spans in proptest::collection::vec((0..6_000_usize, 0..6_000_usize), 1..4),
            width in 0..200_usize,
        ) {
            let mut sources = Sources::default();
            let text = format!("{text}{}{text}", "x".repeat(filler));
            let ids = [sources.add("a.yaml", text.as_str()), sources.add("b.yaml", text.as_str())];
            let mut problem = Problem::error(Code("yaml_syntax"), "broken");
            for (index, (start, length)) in spans.into_iter().enumerate() {
                let source = ids[index % 2];
                problem = problem.at(Span::new(source, start..start + length), "here");
            }
            let style = Style { width, colour: Colour::Ansi };
            proptest::prop_assert!(draw(&problem.into(), &sources, style).ends_with("1 error\n"));
        }
    }
}
