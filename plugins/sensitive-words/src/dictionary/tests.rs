use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// The words of `list` in `text`, by their place in it.
fn found(list: &str, text: &str, skip: u8) -> Vec<String> {
    let fold = Fold::new();
    let mut builder = Builder::new(&fold);
    builder.add(list, Action::Mask, None).expect("a good list");
    let dictionary = builder.build();
    let mut reader = Reader::default();
    reader.read_words(&fold, text);
    let mut hits = Vec::new();
    dictionary.find(reader.glyphs(), skip, &mut Sieve::default(), &mut hits);
    let place = |hit: &Hit| {
        let (first, last) = (reader.glyphs()[hit.from as usize], reader.glyphs()[hit.to as usize - 1]);
        text[first.start as usize..last.end as usize].to_owned()
    };
    hits.iter().map(place).collect()
}

#[track_caller]
fn finds(list: &str, text: &str, expected: &str) {
    assert_eq!(found(list, text, 2), [expected], "{list} in {text}");
}

#[track_caller]
fn misses(list: &str, text: &str) {
    assert_eq!(found(list, text, 2), Vec::<String>::new(), "{list} in {text}");
}

#[test]
fn forms_and_variants_are_the_same_word() {
    finds("赌博网", "去賭博網看看", "賭博網");
    finds("賭博網", "去赌博网看看", "赌博网");
    finds("casino", "ＣａＳｉＮｏ", "ＣａＳｉＮｏ");
    finds("加v信", "加Ⓥ信", "加Ⓥ信");
    finds("89彩", "⑧❾彩", "⑧❾彩");
}

#[test]
fn signs_and_invisible_characters_between_are_skipped() {
    finds("赌博网", "赌 博*网", "赌 博*网");
    finds("赌博网", "赌\u{200b}博\u{2060}网", "赌\u{200b}博\u{2060}网");
    finds("赌博", "赌🎲🎲博", "赌🎲🎲博");
    misses("赌博", "赌🎲🎲🎲博");
    assert!(found("赌博", "赌*博", 0).is_empty());
}

#[test]
fn clauses_are_not_words_unless_all_is_cut() {
    misses("赌博", "他去赌，博一笑");
    misses("赌博", "我不赌\n博一笑");
    misses("赌博网", "赌，博网");
    finds("赌博网", "赌，博。网", "赌，博。网");
}

#[test]
fn a_latin_word_is_not_part_of_another() {
    misses("cunt", "Scunthorpe United");
    misses("ass", "class assess grass");
    misses("sex", "Essex, Sussex and sextant");
    misses("anal", "analysis of a canal");
    misses("cock", "a cocktail by Hitchcock");
    finds("ass", "what an ass!", "ass");
    finds("ass", "你个ass啊", "ass");
    finds("sex", "sex123", "sex");
}

#[test]
fn a_latin_word_does_not_reach_across_spaces() {
    misses("whore", "those who re-enter");
    misses("ass", "as standard");
    misses("tit", "it it t it");
    misses("av", "plan a v plan b");
}

#[test]
fn letter_by_letter_it_is_the_word() {
    finds("shit", "s h i t", "s h i t");
    finds("shit", "oh s.h.i.t!", "s.h.i.t");
    finds("shit", "s-h-i-t", "s-h-i-t");
    finds("fuck", "i f u c k u", "f u c k");
    misses("ass", "b a s s");
    misses("ass", "a s s e t");
}

#[test]
fn phrases_have_spaces_where_the_list_has() {
    finds("free money", "get free money now", "free money");
    finds("free money", "get FREE-money now", "FREE-money");
    finds("free money", "get freemoney now", "freemoney");
    misses("free money", "get fre emoney now");
    misses("free money", "it is free. Money is not");
    assert_eq!(found("free money", "free money", 0), ["free money"]);
}

#[test]
fn look_alikes_are_read_as_letters() {
    finds("shit", "sh1t", "sh1t");
    finds("shit", "5h!t", "5h!t");
    finds("porn", "p0rn", "p0rn");
    finds("porn", "роrn", "роrn"); // two letters of Cyrillic
    finds("pussy", "pu$$y", "pu$$y");
    finds("bitch", "b1tch", "b1tch");
    finds("whore", "wh0r3", "wh0r3");
}

#[test]
fn numbers_and_other_scripts_are_not_read_as_words() {
    misses("ass", "it costs 455 yuan");
    misses("ass", "the A55 phone");
    misses("sos", "505");
    misses("pot", "рот"); // a mouth, in Russian
    misses("hell", "heil");
    misses("boob", "8008");
}

#[test]
fn words_of_other_scripts_are_found_too() {
    finds("казино", "Лучшее КАЗИНО тут", "КАЗИНО");
    misses("рот", "поворот");
    finds("도박", "온라인도박", "도박");
}

#[test]
fn a_star_lifts_the_border() {
    finds("fuck*", "fucking", "fuck");
    finds("*fuck", "motherfuck", "fuck");
    misses("*fuck", "fucker");
}

#[test]
fn allowed_phrases_shield_what_is_inside() {
    misses("博彩\n博彩学 = allow", "他研究博彩学");
    finds("博彩\n博彩学 = allow", "博彩学之外的博彩", "博彩");
    assert_eq!(found("大麻\n麻将\n打麻将 = allow", "打麻将，吸大麻", 2), ["大麻"]);
}

/// The end of one word and the beginning of another are no word.
#[test]
fn a_word_stands_between_borders_of_words() {
    misses("群交", "进群交流");
    misses("群交", "进群 交流");
    misses("群交", "进群🎉交流");
    finds("群交", "群交", "群交");
    misses("时时彩", "时时彩排");
    finds("时时彩", "玩时时彩的", "时时彩");
    finds("傻逼", "你是傻逼真的", "傻逼");
    misses("你妈b", "你妈B超结果");
    finds("你妈b", "你妈b啊", "你妈b");
    finds("*群交*", "进群交流", "群交");
    // A space beside a word is a border, whatever word the dictionary makes across it.
    finds("群交", "进 群交 流", "群交");
    assert_eq!(found("畜生\n生病", "牲畜生病", 2), ["生病"]);
}

#[test]
fn signs_inside_a_word_do_not_hide_it_from_the_borders() {
    finds("赌博", "去赌*博吧", "赌*博");
    finds("傻逼", "你是傻-逼真的", "傻-逼");
    finds("六合彩", "买六.合.彩吧", "六.合.彩");
    misses("赌博", "他爱赌 博客也写");
}

#[test]
fn what_joins_letters_does_not_hide_a_word() {
    for between in
        ["👨\u{200d}👩\u{200d}👧", "🇨🇳", "🇨🇳🇺🇸", "\u{64e}", "\u{5b8}", "\u{e34}", "\u{93f}", "\u{484}"]
    {
        for word in ["赌博网", "shit"] {
            let letters: Vec<String> = word.chars().map(String::from).collect();
            assert_eq!(found(word, &letters.join(between), 2).len(), 1, "{word} by {between}");
        }
    }
    misses("shit", "🇸🇭🇮🇹");
    finds("操你妈", "操妳媽", "操妳媽");
    finds("口交", "ロ交", "ロ交");
    finds("porn", "ꮲorn", "ꮲorn");
}

#[test]
fn an_allowed_phrase_protects_what_overlaps_it() {
    misses("大麻将\n打麻将 = allow", "打麻将");
    misses("妈逼\n你妈逼\n妈逼我 = allow", "你妈逼我写作业");
    misses("赌博网站\n打击赌博 = allow", "打击赌博网站");
    assert_eq!(found("赌博网站\n打击赌博 = allow", "打击赌博网站，这个赌博网站", 2), ["赌博网站"]);
}

#[test]
fn a_later_line_overrides_and_off_takes_away() {
    misses("赌博\n赌博 = off", "赌博");
    misses("赌博\n賭博 = off", "赌博");
    finds("赌博 = off\n赌博", "赌博", "赌博");
}

#[test]
fn words_that_look_alike_stay_apart() {
    assert_eq!(found("sol\ns01", "sol", 2), ["sol"]);
    assert_eq!(found("ill\n111", "111", 2), ["111"]);
}

#[test]
fn bad_lines_are_named_and_the_others_taken() {
    let fold = Fold::new();
    let mut builder = Builder::new(&fold);
    let long = "长".repeat(MAX_LETTERS + 1);
    let problems =
        builder.add(&format!("好\n***\n坏\tburn\n{long}"), Action::Mask, None).expect_err("bad lines");
    assert_eq!(problems.len(), 3);
    assert!(problems[0].starts_with("line 2:") && problems[1].starts_with("line 3:"), "{problems:?}");
    assert_eq!(builder.build().len(), 1);
}

#[test]
fn the_longest_word_is_found_and_one_word_too_many_is_refused() {
    let longest = "长".repeat(MAX_LETTERS);
    finds(&longest, &longest, &longest);
    let fold = Fold::new();
    let mut builder = Builder::new(&fold);
    let list: String = (0..=MAX_WORDS).map(|n| format!("词{n}\n")).collect();
    assert_eq!(builder.add(&list, Action::Mask, None).expect_err("too many").len(), 1);
    assert_eq!(builder.build().len(), MAX_WORDS);
}

#[test]
fn fifty_thousand_words_fit_in_memory() {
    let fold = Fold::new();
    let mut builder = Builder::new(&fold);
    let list: String = (0..50_000_u32)
        .map(|n| {
            let han = |n: u32| char::from_u32(0x4e00 + n % 3_000).unwrap_or('一');
            format!("{}{}{}{}\n", han(n), han(n / 7), han(n / 53 + 7), han(n * 31))
        })
        .collect();
    builder.add(&list, Action::Mask, None).expect("good words");
    let dictionary = builder.build();
    assert!(dictionary.len() > 45_000);
    let words = dictionary.words.capacity() * size_of::<Word>() + dictionary.letters.capacity() * 4;
    assert!(dictionary.automaton.size() + words < 7 << 20, "{} and {words}", dictionary.automaton.size());
}

proptest! {
#![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_word_is_found_wherever_words_stand_around_it(
        before in proptest::collection::vec(prop::sample::select(vec!["今天", "我们", "请", "看看", "朋友", "的", " "]), 0..4),
        after in proptest::collection::vec(prop::sample::select(vec!["今天", "我们", "的", "看看", "朋友", "呢", " "]), 0..4),
    ) {
        let text = format!("{}赌博网{}", before.concat(), after.concat());
        prop_assert_eq!(found("赌博网", &text, 2), ["赌博网"]);
    }

    #[test]
    fn any_list_and_text_are_taken(list in "(.{0,12}\n){0,8}", text in ".{0,200}", skip in 0_u8..9) {
        let fold = Fold::new();
        let mut builder = Builder::new(&fold);
        let _ = builder.add(&list, Action::Flag, None);
        let dictionary = builder.build();
        let mut reader = Reader::default();
        reader.read_words(&fold, &text);
        let mut hits = Vec::new();
        dictionary.find(reader.glyphs(), skip, &mut Sieve::default(), &mut hits);
        prop_assert!(hits.iter().all(|hit| hit.from < hit.to && hit.to as usize <= reader.glyphs().len()));
    }

    #[test]
    fn a_text_of_the_word_itself_is_found(word in "[a-z]{2,12}") {
        prop_assert_eq!(found(&word, &word, 2), [word]);
    }
}
