//! Times from text.

use super::{call, check};

#[test]
fn times_are_read_in_all_usual_forms() {
    let cases = [
        ("2018-03-15", "2018-03-15T00:00:00.0000000"),
        ("2018-03-15T13:27", "2018-03-15T13:27:00.0000000"),
        ("2018-03-15 13:27:36", "2018-03-15T13:27:36.0000000"),
        ("  2018-03-15T13:27:36Z ", "2018-03-15T13:27:36.0000000Z"),
        ("2018-03-15t13:27:36z", "2018-03-15T13:27:36.0000000Z"),
        ("2018-03-15T13:27:36.1Z", "2018-03-15T13:27:36.1000000Z"),
        ("2018-03-15T13:27:36.1234567Z", "2018-03-15T13:27:36.1234567Z"),
        ("2018-03-15T13:27:36.12345678Z", "2018-03-15T13:27:36.1234568Z"),
        ("2018-03-15T13:27:36.99999999Z", "2018-03-15T13:27:37.0000000Z"),
        ("2018-03-15T13:27:36+02:00", "2018-03-15T11:27:36.0000000Z"),
        ("2018-03-15T13:27:36 -0530", "2018-03-15T18:57:36.0000000Z"),
        ("2018-03-15T13:27:36-5", "2018-03-15T18:27:36.0000000Z"),
        ("2018-03-15+01:00", "2018-03-14T23:00:00.0000000Z"),
        ("1970-01-01Z00:00:00", "1970-01-01T00:00:00.0000000Z"),
        ("2018/3/5", "2018-03-05T00:00:00.0000000"),
        ("2018-03", "2018-03-01T00:00:00.0000000"),
        ("03/15/2018 12:00:00", "2018-03-15T12:00:00.0000000"),
        ("3/5/18", "2018-03-05T00:00:00.0000000"),
        ("3/5/49", "2049-03-05T00:00:00.0000000"),
        ("3/5/50", "1950-03-05T00:00:00.0000000"),
        ("03.15.2018", "2018-03-15T00:00:00.0000000"),
        ("3/15/2018 1:05 PM", "2018-03-15T13:05:00.0000000"),
        ("3/15/2018 12:05:01 am", "2018-03-15T00:05:01.0000000"),
        ("3/15/2018 5PM", "2018-03-15T17:00:00.0000000"),
        ("3/15", "2018-03-15T00:00:00.0000000"),
        ("03/2017", "2017-03-01T00:00:00.0000000"),
        ("10:30", "2018-04-15T10:30:00.0000000"),
        ("Thu, 15 Mar 2018 13:27:36 GMT", "2018-03-15T13:27:36.0000000Z"),
        ("Thursday, March 15, 2018 1:27:36 PM", "2018-03-15T13:27:36.0000000"),
        ("15 March 2018", "2018-03-15T00:00:00.0000000"),
        ("15-Mar-2018", "2018-03-15T00:00:00.0000000"),
        ("2018 Mar 15", "2018-03-15T00:00:00.0000000"),
        ("Mar. 15, 2018", "2018-03-15T00:00:00.0000000"),
        ("MARCH 2017", "2017-03-01T00:00:00.0000000"),
        ("March 15", "2018-03-15T00:00:00.0000000"),
        ("13:27:36 2018-03-15", "2018-03-15T13:27:36.0000000"),
    ];
    for (text, expected) in cases {
        assert_eq!(call("formatDateTime", vec![text.into()]).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_is_no_time_is_an_error_that_says_why() {
    let cases = [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("yesterday", "a word that is no day"),
        ("Marching 2018", "a word that is no day"),
        ("2018", "it has no date"),
        ("20180315", "more than 4 digits"),
        ("2018-02-30", "there is no such date"),
        ("31/12/2018", "there is no such date"),
        ("0000-01-01", "there is no such date"),
        ("2018-03-15T25:00", "no such time of day"),
        ("2018-03-15T24:00:00", "no such time of day"),
        ("2018-03-15T10:60", "no such time of day"),
        ("2018-03-15T", "after `T` a time is missing"),
        ("2018-03-15 13:00 PM", "hours go to 12"),
        ("Friday, March 15, 2018", "another day of the week"),
        ("2018-03-15T10:00+15:00", "no zone is so far"),
        ("2018-03-15T10:00Z+01:00", "in two ways"),
        ("2018--03-15", "a mark"),
        ("2018-03-15-", "a mark"),
        ("1 2 3 4", "too many numbers"),
        ("10:30 11:30", "two times"),
        ("0001-01-01T00:00:00+01:00", "outside of the years"),
        ("9999-12-31T23:59:59.99999999", "outside of the years"),
        ("2018-03-15 €", "a mark"),
        ("12:", "a number is missing"),
    ];
    for (text, part) in cases {
        let error = call("formatDateTime", vec![text.into()]).unwrap_err();
        assert!(error.message.contains(part), "{text}: {}", error.message);
        assert!(error.help.is_some());
    }
    let error = call("formatDateTime", vec!["9".repeat(100_000).into()]).unwrap_err();
    assert!(error.message.len() < 300 && error.message.contains("too long"), "{}", error.message);
}

#[test]
fn times_are_read_in_the_language_of_a_locale() {
    check(&[
        ("parseDateTime('martes 20 octubre 2020', 'es-es')", Ok("2020-10-20T00:00:00.0000000")),
        ("parseDateTime('20 de octubre de 2020', 'es-ES')", Ok("2020-10-20T00:00:00.0000000")),
        ("parseDateTime('20/10/2014', 'fr-FR')", Ok("2014-10-20T00:00:00.0000000")),
        ("parseDateTime('10/12/2014', 'en-GB')", Ok("2014-12-10T00:00:00.0000000")),
        ("parseDateTime('31.12.2018 13:00', 'de-DE')", Ok("2018-12-31T13:00:00.0000000")),
        ("parseDateTime('Montag, 31. Dezember 2018', 'de-DE')", Ok("2018-12-31T00:00:00.0000000")),
        ("parseDateTime('18-03-05', 'sv-SE')", Ok("2018-03-05T00:00:00.0000000")),
        ("parseDateTime('5 marca 2018', 'pl-PL')", Ok("2018-03-05T00:00:00.0000000")),
        ("parseDateTime('segunda-feira, 5 de março de 2018', 'pt-BR')", Ok("2018-03-05T00:00:00.0000000")),
        ("parseDateTime('2016年1月31日日曜日', 'ja-JP')", Ok("2016-01-31T00:00:00.0000000")),
        ("parseDateTime('2018-03-15T13:00:00Z', 'de-DE')", Ok("2018-03-15T13:00:00.0000000Z")),
        ("parseDateTime('20 octobre 2010')", Err("a word that is no day")),
    ]);
}

#[test]
fn a_format_is_read_exactly() {
    check(&[
        ("parseDateTime('10/20/2014 15h', 'en-US', 'MM/dd/yyyy HH\\h')", Ok("2014-10-20T15:00:00.0000000")),
        ("parseDateTime('20190521', 'fr-fr', 'yyyyMMdd')", Ok("2019-05-21T00:00:00.0000000")),
        ("parseDateTime('5.3.18', 'de-DE', 'd/M/yy')", Ok("2018-03-05T00:00:00.0000000")),
        ("parseDateTime('Thu, 15 Mar 2018 13:27:36 GMT', 'de-DE', 'r')", Ok("2018-03-15T13:27:36.0000000")),
        ("parseDateTime('2018-03-15T13:27:36.1234567+02:00', 'en-US', 'o')", Ok("2018-03-15T11:27:36.1234567Z")),
        ("parseDateTime('3:05 PM', 'en-US', 't')", Ok("2018-04-15T15:05:00.0000000")),
        ("parseDateTime('12 AM on 2 May', 'en-US', 'h tt ''on'' d MMMM')", Ok("2018-05-02T00:00:00.0000000")),
        ("parseDateTime('dimanche 31 janvier 2016', 'fr-FR', 'D')", Ok("2016-01-31T00:00:00.0000000")),
        ("parseDateTime('36.12', 'en-US', 'ss.FFF')", Ok("2018-04-15T00:00:36.1200000")),
        ("parseDateTime('2018-3-15', 'en-US', 'yyyy-MM-dd')", Err("a number lacks digits")),
        ("parseDateTime('2018-03-15T', 'en-US', 'yyyy-MM-dd')", Err("goes on after the format's end")),
        ("parseDateTime('15 Foo', 'en-US', 'dd MMM')", Err("the name of a day or a month")),
        ("parseDateTime('2018 2019', 'en-US', 'yyyy yyyy')", Err("in two ways")),
        ("parseDateTime('13', 'en-US', 'hh')", Err("hours of `h` go to 12")),
        ("parseDateTime('2018-02-30', 'en-US', 'yyyy-MM-dd')", Err("no such date")),
        ("parseDateTime('2018', 'en-US', 'q')", Err("no standard format")),
        ("parseDateTime('2018', 'en-US', 'yyyy''')", Err("a quotation mark is not closed")),
    ]);
}
