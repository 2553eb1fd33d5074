//! Times as text.

use super::{call, check};

#[test]
fn standard_formats_are_those_of_english() {
    let cases = [
        ("d", "9/25/2025"),
        ("D", "Thursday, September 25, 2025"),
        ("f", "Thursday, September 25, 2025 5:18 AM"),
        ("F", "Thursday, September 25, 2025 5:18:31 AM"),
        ("g", "9/25/2025 5:18 AM"),
        ("G", "9/25/2025 5:18:31 AM"),
        ("", "9/25/2025 5:18:31 AM"),
        ("m", "September 25"),
        ("M", "September 25"),
        ("o", "2025-09-25T05:18:31.3384797Z"),
        ("O", "2025-09-25T05:18:31.3384797Z"),
        ("r", "Thu, 25 Sep 2025 05:18:31 GMT"),
        ("R", "Thu, 25 Sep 2025 05:18:31 GMT"),
        ("s", "2025-09-25T05:18:31"),
        ("t", "5:18 AM"),
        ("T", "5:18:31 AM"),
        ("u", "2025-09-25 05:18:31Z"),
        ("U", "Thursday, September 25, 2025 5:18:31 AM"),
        ("y", "September 2025"),
        ("Y", "September 2025"),
    ];
    for (format, expected) in cases {
        let given = call("formatDateTime", vec!["2025-09-25T05:18:31.3384797Z".into(), format.into()]);
        assert_eq!(given.unwrap(), expected, "{format}");
    }
    check(&[
        ("utcNow('x')", Err("there is no standard format of that letter")),
        ("utcNow('K')", Err("there is no standard format of that letter")),
        ("formatDateTime('2025-09-25T05:18:31', 'r', 'de-DE')", Ok("Thu, 25 Sep 2025 05:18:31 GMT")),
    ]);
}

#[test]
fn custom_formats_have_the_specifiers_of_dotnet() {
    let cases = [
        ("dd ddd dddd", "05 Mon Monday"),
        ("%d", "5"),
        ("M MM MMM MMMM", "2 02 Feb February"),
        ("y. yy yyy yyyy yyyyy", "7. 07 2007 2007 02007"),
        ("h hh H HH", "3 03 15 15"),
        ("m mm s ss", "4 04 9 09"),
        ("f ff fff ffff fffff ffffff fffffff", "1 12 120 1200 12000 120000 1200000"),
        ("ss.FFFFFFF", "09.12"),
        ("t tt", "P PM"),
        ("z zz zzz", "+0 +00 +00:00"),
        ("yyyyK", "2007Z"),
        ("gg", "A.D."),
        ("yyyy-MM-ddTHH:mm:ssZ", "2007-02-05T15:04:09Z"),
        ("'at' H \"o''clock\"", "at 15 o''clock"),
        (r"H\h m\m", "15h 4m"),
        ("HHHH", "15"),
        ("ddd, d MMM yyyy", "Mon, 5 Feb 2007"),
        ("日付 %d", "日付 5"),
    ];
    for (format, expected) in cases {
        let given = call("formatDateTime", vec!["2007-02-05T15:04:09.12Z".into(), format.into()]);
        assert_eq!(given.unwrap(), expected, "{format}");
    }
    check(&[
        ("formatDateTime('2018-03-15T13:00:00', 'ss.FFF')", Ok("00")),
        ("formatDateTime('2018-03-15T00:30:00', 'h tt')", Ok("12 AM")),
        ("formatDateTime('2018-03-15T12:30:00', 'hK')", Ok("12")),
        ("formatDateTime('0007-03-15', 'yyyy y')", Ok("0007 7")),
        ("formatDateTime('2018-03-15', 'ffffffff')", Err("7 digits of fraction")),
        ("formatDateTime('2018-03-15', '''open')", Err("a quotation mark is not closed")),
        ("formatDateTime('2018-03-15', 'yyyy\\')", Err("`\\` needs a character after it")),
        ("formatDateTime('2018-03-15', 'yyyy%')", Err("`%` needs a specifier after it")),
    ]);
    let long = "y".repeat(1_001);
    let error = call("utcNow", vec![long.into()]).unwrap_err();
    assert!(error.message.contains("longer than 1000"), "{}", error.message);
}

#[test]
fn locales_have_their_own_names_orders_and_separators() {
    let cases = [
        ("en-GB", "D", "Sunday, 31 January 2016"),
        ("de-DE", "D", "Sonntag, 31. Januar 2016"),
        ("de-de", "g", "31.01.2016 13:05"),
        ("de", "yyyy/MM/dd", "2016.01.31"),
        ("fr-fr", "dddd MMMM d", "dimanche janvier 31"),
        ("es-es", "D", "domingo, 31 de enero de 2016"),
        ("it-IT", "D", "domenica 31 gennaio 2016"),
        ("nl-NL", "d", "31-01-2016"),
        ("pt-BR", "D", "domingo, 31 de janeiro de 2016"),
        ("pl-PL", "D", "niedziela, 31 stycznia 2016"),
        ("pl-PL", "y", "styczeń 2016"),
        ("sv-SE", "d", "2016-01-31"),
        ("da-DK", "D", "søndag den 31. januar 2016"),
        ("da-DK", "T", "13.05.09"),
        ("da-DK", "HH:mm", "13.05"),
        ("nb-NO", "D", "søndag 31. januar 2016"),
        ("fi-FI", "D", "sunnuntai 31. tammikuuta 2016"),
        ("fi-FI", "y", "tammikuu 2016"),
        ("cs-CZ", "D", "neděle 31. ledna 2016"),
        ("ja-JP", "D", "2016年1月31日日曜日"),
        ("zh-CN", "D", "2016年1月31日星期日"),
        ("ko-KR", "t", "오후 1:05"),
        ("tr-TR", "D", "31 Ocak 2016 Pazar"),
        ("ru-RU", "D", "воскресенье, 31 января 2016 г."),
        ("ru-RU", "y", "январь 2016 г."),
        ("hu-HU", "yyyy. MMMM d.", "2016. január 31."),
    ];
    for (locale, format, expected) in cases {
        let given = call("formatDateTime", vec!["2016-01-31T13:05:09".into(), format.into(), locale.into()]);
        assert_eq!(given.unwrap(), expected, "{locale} {format}");
    }
    check(&[
        ("formatDateTime('2016-01-31', 'D', 'hu-HU')", Err("`D` is not known for the locale `hu-HU`")),
        ("formatDateTime('2016-01-31', 'D', 'xx-XX')", Err("there is no locale `xx-XX`")),
        ("formatDateTime('2016-01-31', 'D', '')", Err("there is no locale ``")),
        ("formatDateTime('2016-01-31', 'D', 'POSIX')", Err("there is no locale `POSIX`")),
    ]);
}
