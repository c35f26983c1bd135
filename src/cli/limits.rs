//! `--limit NAME=VALUE`: limits of one run in place of the playbook's.

use super::failure::Failure;
use crate::diag::did_you_mean;
use crate::playbook::Limits;
use crate::playbook::Tolerance;

const NAMES: [&str; 4] = ["max_changes", "max_deletes", "max_failures", "max_calls"];

/// Reads all of them; the last one of a name holds.
pub(crate) fn given(texts: &[String]) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    for text in texts {
        let wrong = |message: String, help: String| Failure::Arguments {
            message,
            help: Some(help),
        };
        let Some((name, value)) = text.split_once('=') else {
            return Err(wrong(
                format!("`--limit {text}` gives no value"),
                "write `--limit max_changes=500`".into(),
            ));
        };
        let number = || {
            value.parse().map_err(|_| {
                wrong(
                    format!("`{name}` wants a whole number, and `{value}` is none"),
                    format!("write `--limit {name}=500`"),
                )
            })
        };
        match name {
            "max_changes" => limits.max_changes = Some(number()?),
            "max_deletes" => limits.max_deletes = Some(number()?),
            "max_calls" => limits.max_calls = Some(number()?),
            "max_failures" => {
                limits.max_failures = Some(value.parse::<Tolerance>().map_err(|()| {
                    wrong(
                        format!("`max_failures` wants a number or a percentage, and `{value}` is neither"),
                        "write `--limit max_failures=20` or `--limit max_failures=5%`".into(),
                    )
                })?);
            }
            other => {
                let listed = NAMES.map(|name| format!("`{name}`")).join(", ");
                let help = did_you_mean(other, NAMES);
                return Err(wrong(
                    format!("there is no limit `{other}`"),
                    help.unwrap_or_else(|| format!("limits are {listed}")),
                ));
            }
        }
    }
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Limits, String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        given(&texts).map_err(|failure| failure.to_string())
    }

    #[test]
    fn limits_are_read_and_what_is_none_is_said() {
        let limits = read(&["max_changes=5", "max_failures=2.5%", "max_changes=6"]).unwrap();
        assert_eq!(limits.max_changes, Some(6));
        assert_eq!(limits.max_failures, Some(Tolerance::Percent(2.5)));
        assert_eq!(limits.max_deletes, None);
        for (text, said) in [
            ("max_changes", "`--limit max_changes` gives no value"),
            (
                "max_changes=-1",
                "`max_changes` wants a whole number, and `-1` is none",
            ),
            (
                "max_failures=101%",
                "`max_failures` wants a number or a percentage, and `101%` is neither",
            ),
            ("max_change=5", "there is no limit `max_change`"),
        ] {
            assert_eq!(read(&[text]).unwrap_err(), said);
        }
    }
}
