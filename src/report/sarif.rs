//! Diagnostics as SARIF 2.1.0, which code scanners and editors read. Each code is a rule, with its explanation as help.

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde_json::Value as Json;
use serde_json::json;

use super::Diagnostic;
use super::Severity;
use super::explain;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What paths count from: the checkout, wherever it is.
const ROOT: &str = "SRCROOT";

/// All but the characters that mean themselves in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// A log of one run.
pub fn sarif(diagnostics: &[Diagnostic]) -> Json {
    let mut codes: Vec<&str> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Json> = codes.iter().map(|code| rule(code)).collect();
    let results: Vec<Json> = diagnostics
        .iter()
        .map(|diagnostic| result(diagnostic, &codes))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "sugarmill",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            // Columns are counted in characters, not in the UTF-16 units that SARIF takes for granted.
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { ROOT: { "description": { "text": "the folder the check was started in" } } },
            "results": results,
        }],
    })
}

fn rule(code: &str) -> Json {
    let Some(explained) = explain(code) else {
        return json!({ "id": code });
    };
    json!({
        "id": code,
        "shortDescription": { "text": sentence(explained.meaning) },
        "help": {
            "text": sentence(explained.advice),
            "markdown": format!("{}\n\nWhat to do: {}.", sentence(explained.meaning), explained.advice),
        },
    })
}

fn result(diagnostic: &Diagnostic, codes: &[&str]) -> Json {
    let text = match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": { "text": text },
    });
    if let Ok(index) = codes.binary_search(&diagnostic.code.as_str()) {
        result["ruleIndex"] = index.into();
    }
    if let Some(location) = location(diagnostic) {
        result["locations"] = json!([location]);
    }
    result
}

fn location(diagnostic: &Diagnostic) -> Option<Json> {
    // What is about the whole file stands at its top: code scanning wants a line.
    let mut region = json!({ "startLine": diagnostic.line.unwrap_or(1) });
    if let Some(column) = diagnostic.column {
        region["startColumn"] = column.into();
    }
    if let Some(end) = diagnostic.end {
        region["endLine"] = end.line.into();
        region["endColumn"] = end.column.into();
    }
    let file = diagnostic.file.as_deref()?;
    let mut location = json!({
        "physicalLocation": { "artifactLocation": artifact(file), "region": region },
    });
    if let Some(step) = &diagnostic.step {
        location["logicalLocations"] = json!([{ "name": step, "kind": "member" }]);
    }
    Some(location)
}

fn artifact(file: &str) -> Json {
    let path = file.replace('\\', "/");
    let encoded = |path: &str| utf8_percent_encode(path, IN_PATH).to_string();
    match path.strip_prefix('/') {
        Some(rest) => json!({ "uri": format!("file:///{}", encoded(rest)) }),
        None => json!({
            "uri": encoded(path.strip_prefix("./").unwrap_or(&path)),
            "uriBaseId": ROOT,
        }),
    }
}

/// SARIF wants sentences; explanations are fragments.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_addresses() {
        for (file, uri) in [
            ("a b.yaml", "a%20b.yaml"),
            ("./play/ä.yaml", "play/%C3%A4.yaml"),
            ("play\\a.yaml", "play/a.yaml"),
            ("/tmp/a:b.yaml", "file:///tmp/a%3Ab.yaml"),
            ("../a#1.yaml", "../a%231.yaml"),
        ] {
            assert_eq!(artifact(file)["uri"], uri, "{file}");
        }
    }
}
