//! Output and names of others, cleaned: nothing that is left drives a terminal or hides.

use std::borrow::Cow;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use unicode_width::UnicodeWidthChar as _;
use warroom::text::{clean, clean_block, clean_line, cut};

/// Characters that are meant to look like nothing (Unicode's `Default_Ignorable_Code_Point`), but for those that choose the
/// picture of an emoji.
fn looks_like_nothing(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_harmful(c: char) -> bool {
    c.is_control() || looks_like_nothing(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

type Clean = fn(&str) -> Cow<'_, str>;

/// Each way to clean, and whether it keeps line ends.
const WAYS: [(Clean, bool); 3] = [(clean, false), (clean_line, false), (clean_block, true)];

fn check(cleaned: &str, line_ends: bool) -> Result<(), TestCaseError> {
    let harmful = cleaned.chars().find(|c| is_harmful(*c) && !(line_ends && *c == '\n'));
    prop_assert_eq!(harmful, None, "{:?}", cleaned);
    let marks = cleaned.split(|c: char| c.width().unwrap_or(0) > 0 || c == '\n').map(|row| row.chars().count()).max();
    prop_assert!(marks.unwrap_or(0) <= 4, "{cleaned:?}");
    Ok(())
}

/// Any character, and more often those that do harm or stand at a border of what is let through.
fn character() -> impl Strategy<Value = char> {
    let borders = select(vec![
        '\r',
        '\n',
        '\t',
        '\u{1b}',
        '\u{7}',
        '\0',
        '\u{7f}',
        '\u{9b}',
        ' ',
        'a',
        '^',
        '日',
        'ｱ',
        '\u{300}',
        '\u{301}',
        '\u{20d0}',
        '\u{fe0f}',
        '\u{200d}',
        '\u{1f469}',
        '\u{202e}',
        '\u{2066}',
        '\u{2069}',
        '\u{2028}',
        '\u{85}',
        '\u{a0}',
        '\u{feff}',
        '\u{34f}',
        '\u{17b4}',
        '\u{fff0}',
        '\u{1bca0}',
        '\u{e0041}',
        '\u{ad}',
        '\u{3164}',
    ]);
    let low = (0_u32..0x3000).prop_filter_map("a character", char::from_u32);
    prop_oneof![4 => borders, 2 => low, 1 => any::<char>()]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..60).prop_map(String::from_iter)
}

fn in_chunks<'t>(text: &'t str, cuts: &[Index]) -> Vec<&'t str> {
    let borders: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut at: Vec<_> = cuts.iter().map(|cut| *cut.get(&borders)).chain([0, text.len()]).collect();
    at.sort_unstable();
    at.windows(2).filter_map(|ends| text.get(ends[0]..ends[1])).collect()
}

proptest! {
    #[test]
    fn nothing_harmful_is_left_and_cleaning_twice_changes_nothing(text in text()) {
        for (clean, line_ends) in WAYS {
            let cleaned = clean(&text).into_owned();
            check(&cleaned, line_ends)?;
            prop_assert_eq!(clean(&cleaned).into_owned(), cleaned);
        }
    }

    #[test]
    fn bytes_of_any_kind_come_out_harmless(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        check(&clean_block(&String::from_utf8_lossy(&bytes)), true)?;
    }

    #[test]
    fn a_text_cleaned_piece_by_piece_holds_nothing_harmful_either(
        text in text(), cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        for piece in in_chunks(&text, &cuts) {
            for (clean, line_ends) in WAYS {
                check(&clean(piece), line_ends)?;
            }
        }
    }

    #[test]
    fn a_block_cleaned_line_by_line_is_the_same_as_in_one(lines in prop::collection::vec(text(), 0..6)) {
        let lines: Vec<_> = lines.iter().map(|line| format!("{line}\n")).collect();
        let apart: String = lines.iter().map(|line| clean_block(line)).collect();
        prop_assert_eq!(apart, clean_block(&lines.concat()).into_owned());
    }

    #[test]
    fn a_tab_leads_to_a_multiple_of_eight_columns(before in text(), after in "[a-z]{0,3}") {
        let before = before.replace(['\r', '\n'], "");
        let block = clean_block(&format!("{before}\t{after}")).into_owned();
        let columns: usize = block.chars().map(|c| c.width().unwrap_or(0)).sum();
        prop_assert_eq!((columns - after.len()) % 8, 0, "{:?}", block);
    }

    #[test]
    fn a_cut_text_is_harmless_and_fits(text in text(), limit in 3_usize..40) {
        let cleaned = clean(&text);
        let cut = cut(&cleaned, limit);
        check(&cut, false)?;
        prop_assert!(cut.chars().count() <= limit);
    }
}
