//! Whether a template's tokens read, and how deep its tree would be, told before anything walks it.
//!
//! The engine limits brackets in brackets, but builds `a.b.c…` and `1 + 1 + …` as deep as they are long, and every
//! walk over such a tree recurses. A thread has little stack, and a playbook may come from anybody.

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::machinery::Token;
use minijinja::machinery::tokenize;
use minijinja::syntax::SyntaxConfig;

/// What stands between two commas, with the brackets around it, is no deeper than it has tokens. People write some dozen.
const DEEPEST: usize = 400;

/// The parser goes through all its rules for each bracket, through one or two for an operator.
const BRACKET: usize = 6;

/// Each `elif` is an `if` inside the one before it.
const MOST_ELIF: usize = 100;

/// What the text of a template is read as.
#[derive(Clone, Copy)]
pub(super) enum Reading {
    /// Text with `{{ … }}` in it.
    Text,
    /// An expression without braces.
    Expression,
}

/// Refuses a text whose tree might be too deep, and one with a character that begins no token: where such a one stands
/// behind text in quotes, the engine's parser takes what is before it for the whole expression.
pub(super) fn limit(text: &str, reading: Reading) -> Result<(), Error> {
    let mut open = vec![0];
    let mut depth = 0;
    let mut elifs = 0;
    let mut is_block_start = false;
    let in_expression = matches!(reading, Reading::Expression);
    for token in tokenize(text, in_expression, SyntaxConfig::default()) {
        let (token, _) = token?;
        let is_elif = is_block_start && matches!(token, Token::Ident("elif"));
        is_block_start = matches!(token, Token::BlockStart);
        let mut weight = 1;
        match token {
            Token::TemplateData(_)
            | Token::VariableStart
            | Token::VariableEnd
            | Token::BlockStart
            | Token::BlockEnd => {
                open = vec![0];
                depth = 0;
                continue;
            }
            Token::Comma | Token::Colon => {
                // The next item begins; the bracket it stands in stays.
                let stays = if open.len() > 1 { BRACKET } else { 0 };
                if let Some(inner) = open.last_mut() {
                    depth = depth + stays - *inner;
                    *inner = stays;
                }
            }
            Token::BracketOpen | Token::ParenOpen | Token::BraceOpen => {
                open.push(0);
                weight = BRACKET;
            }
            Token::BracketClose | Token::ParenClose | Token::BraceClose if open.len() > 1 => {
                depth -= open.pop().unwrap_or_default();
            }
            _ => {}
        }
        if let Some(inner) = open.last_mut() {
            *inner += weight;
            depth += weight;
        }
        elifs += usize::from(is_elif);
        if depth > DEEPEST || elifs > MOST_ELIF {
            return Err(Error::new(
                ErrorKind::SyntaxError,
                "too long to be one expression: split it, or look values up in a data file",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Located;
    use crate::diag::Sources;
    use crate::diag::Span;
    use crate::expr::Template;

    fn compiles(text: &str) -> bool {
        let mut sources = Sources::default();
        let source = sources.add("a.yaml", text);
        let span = Span::new(source, 0..text.len());
        Template::compile(&Located::new(text.to_owned(), span), &sources).is_ok()
    }

    /// Every way to make a deep tree, as the text before the middle, the middle, the text behind it.
    const DEEP: &[(&str, &str, &str)] = &[
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("[1, ", "1", "]"),
        ("{1: ", "1", "}"),
        ("vars[", "1", "]"),
        ("dict(", "1", ")"),
        ("dict(a=1, b=", "1", ")"),
        ("not ", "true", ""),
        ("-", "1", ""),
        ("1 + ", "1", ""),
        ("1 ** ", "1", ""),
        ("1 ~ ", "1", ""),
        ("true and ", "true", ""),
        ("1 < ", "1", ""),
        ("1 in ", "1", ""),
        ("1 if true else ", "1", ""),
        ("", "vars", ".a"),
        ("", "vars", "[0]"),
        ("", "dict", "()"),
        ("", "vars", "[0:1]"),
        ("", "1", "|int"),
        ("", "1", "|replace(1, 2)"),
        ("", "1", " is odd"),
    ];

    #[test]
    fn no_tree_is_deeper_than_a_thread_has_stack() {
        for (before, middle, behind) in DEEP {
            let text = |depth| {
                format!(
                    "{{{{ {}{middle}{} }}}}",
                    before.repeat(depth),
                    behind.repeat(depth)
                )
            };
            assert!(compiles(&text(10)), "{}", text(10));
            assert!(!compiles(&text(10_000)), "{before}…{behind}");
            // Around the limit a tree is as deep as trees get, and must be walked without harm.
            for depth in 30..DEEPEST {
                compiles(&text(depth));
            }
        }
    }

    #[test]
    fn blocks_have_a_limit_too() {
        for block in ["if true", "for i in [1]"] {
            let end = format!("{{% end{} %}}", &block[..3].trim());
            for depth in [10, 200, 10_000] {
                compiles(&format!(
                    "{}{}",
                    format!("{{% {block} %}}").repeat(depth),
                    end.repeat(depth)
                ));
            }
        }
        let elif = |count| {
            format!(
                "{{% if true %}}{}{{% endif %}}",
                "{% elif true %}".repeat(count)
            )
        };
        assert!(compiles(&elif(MOST_ELIF)));
        assert!(!compiles(&elif(MOST_ELIF + 1)));
    }

    #[test]
    fn what_is_only_wide_is_welcome() {
        let list = format!("{{{{ [{}] }}}}", "vars.a, ".repeat(10_000));
        let map = format!("{{{{ {{ {} }}[vars.x] }}}}", "'a': 1, ".repeat(10_000));
        let text = "{{ vars.a }} and ".repeat(10_000);
        for text in [list, map, text] {
            assert!(compiles(&text), "{}", &text[..40]);
        }
    }
}
