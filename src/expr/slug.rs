//! Text as one plain word of letters, digits and dashes, as keys are often made of it.

use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::DecomposingNormalizerBorrowed;
use regex::Regex;

/// `Müller & Söhne` → `mueller-soehne`, `Société Générale` → `societe-generale`. What has no plain letter stays itself:
/// two texts that differ in such letters must not come to one key.
pub(super) fn slug(text: &str) -> String {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\p{L}\p{M}\p{N}]+").expect("it is written here"));
    let text = text.to_lowercase();
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(&text);
    let words: Vec<String> = WORD
        .find_iter(&text)
        .map(|word| plain(word.as_str()))
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-")
}

fn plain(word: &str) -> String {
    let letters = DecomposingNormalizerBorrowed::new_nfd();
    let mut out = String::with_capacity(word.len());
    // Of what a plain letter was made of, only marks follow it.
    let mut is_plain = true;
    for letter in word.chars() {
        let first = letters.normalize_iter(std::iter::once(letter)).next();
        match (spelt(letter), first.filter(char::is_ascii)) {
            (Some(spelling), _) => out.push_str(spelling),
            (None, Some(first)) => out.push(first),
            (None, None) if is_plain && is_mark(letter) => continue,
            (None, None) => out.push(letter),
        }
        is_plain = out.ends_with(|last: char| last.is_ascii());
    }
    out
}

/// Letters that are more than a plain one with a mark.
fn spelt(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ä' | 'æ' => "ae",
        'ö' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'þ' => "th",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'ŧ' => "t",
        _ => return None,
    })
}

fn is_mark(letter: char) -> bool {
    static MARK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\p{M}$").expect("it is written here"));
    MARK.is_match(letter.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::slug;

    #[test]
    fn slugs_are_plain_and_no_letter_is_lost() {
        for (text, expected) in [
            ("Müller & Söhne GmbH.", "mueller-soehne-gmbh"),
            ("Mu\u{308}ller", "mueller"),
            ("  --A  b--  ", "a-b"),
            ("Ésprit", "esprit"),
            ("Łprit", "lprit"),
            ("Société Générale d'Eau", "societe-generale-d-eau"),
            ("İstanbul Ærø Þór", "istanbul-aero-thor"),
            ("株式会社 B", "株式会社-b"),
            ("Ёлка", "ёлка"),
            ("हिन्दी", "हिन्दी"),
            ("m² und m", "m²-und-m"),
            ("\u{301} & -", ""),
        ] {
            assert_eq!(slug(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_slug_is_its_own_slug(text in "\\PC{0,12}") {
            let once = slug(&text);
            prop_assert_eq!(slug(&once), once);
        }

        #[test]
        fn what_holds_a_letter_has_a_slug(letter in "\\p{L}") {
            prop_assert!(!slug(&letter).is_empty());
        }
    }
}
