//! Names that become part of SQL text.

/// Whether a name from a data file may become a table or column name.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|other| other.is_ascii_alphanumeric() || other == '_')
}

/// An identifier for SQL text: quoted, since fields may be called `order` or `group`.
pub(crate) fn quoted(name: &str) -> String {
    debug_assert!(is_identifier(name), "the loader admits identifiers only");
    format!("\"{name}\"")
}

#[cfg(test)]
mod tests {
    use super::is_identifier;

    #[test]
    fn only_plain_words_become_sql() {
        assert!(is_identifier("account_id"));
        assert!(is_identifier("gpa_c"));
        assert!(!is_identifier(""));
        assert!(!is_identifier("1st"));
        assert!(!is_identifier("name\"; drop table accounts"));
    }
}
