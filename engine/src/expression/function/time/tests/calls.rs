//! Sums of times, parts of times, zones and time spans.

use super::{check, run};

#[test]
fn times_are_added_up() {
    check(&[
        ("addSeconds('2018-03-15T00:00:00Z', 10)", Ok("2018-03-15T00:00:10.0000000Z")),
        ("addMinutes('2018-03-15T00:00:00', -1)", Ok("2018-03-14T23:59:00.0000000")),
        ("addHours('2018-03-15T15:00:00+02:00', 1)", Ok("2018-03-15T14:00:00.0000000Z")),
        ("addDays('2018-03-15T13:00:00.111Z', 1, 'MM-dd-yy')", Ok("03-16-18")),
        ("addDays('2020-02-28', 1, 'd')", Ok("2/29/2020")),
        ("addToTime('2020-01-31T10:00:00Z', 1, 'Month')", Ok("2020-02-29T10:00:00.0000000Z")),
        ("addToTime('2020-02-29', 1, 'YEAR', 'yyyy-MM-dd')", Ok("2021-02-28")),
        ("addToTime('2020-02-29', 2, 'week', 'yyyy-MM-dd')", Ok("2020-03-14")),
        ("subtractFromTime('2018-03-31', 1, 'Month', 'yyyy-MM-dd')", Ok("2018-02-28")),
        ("getFutureTime(1, 'Minute', 'T')", Ok("1:01:00 PM")),
        ("getPastTime(1, 'Year', 'yyyy')", Ok("2017")),
        ("startOfHour('2018-03-15T13:30:30.1234567')", Ok("2018-03-15T13:00:00.0000000")),
        ("startOfDay('2018-03-15T01:30:30+02:00')", Ok("2018-03-14T00:00:00.0000000Z")),
        ("startOfMonth('2018-03-15T13:30:30Z')", Ok("2018-03-01T00:00:00.0000000Z")),
        ("addDays('9999-12-31', 1)", Err("outside of the years 1 to 9999")),
        ("addDays('0001-01-01', -1)", Err("outside of the years")),
        ("addDays('2018-01-01', 9223372036854775807)", Err("outside of the years")),
        ("addToTime('2018-01-01', 9223372036854775807, 'Month')", Err("outside of the years")),
        ("addToTime('2018-01-01', 9223372036854775807, 'Year')", Err("outside of the years")),
        ("subtractFromTime('2018-01-01', -9223372036854775808, 'Second')", Err("outside of the years")),
        ("addToTime('2018-01-01', 1, 'Fortnight')", Err("`Fortnight` is no unit of time")),
        ("addDays('2018-01-01', 1.5)", Err("the second value must be a whole number")),
        ("addDays(null, 1)", Err("the first value must be text, and is null")),
        ("addDays('2018-01-01', 1, null)", Err("the third value must be text, and is null")),
    ]);
    assert_eq!(run("addToTime('2018-01-01', 1, 'Dya')").unwrap_err().help.unwrap(), "did you mean `Day`?");
}

#[test]
fn parts_of_times_are_numbers() {
    let cases = [
        ("dayOfWeek('2018-03-18')", 0),
        ("dayOfWeek('0001-01-01')", 1),
        ("dayOfMonth('2018-03-31T23:00:00-02:00')", 1),
        ("dayOfYear('2020-12-31')", 366),
        ("ticks('0001-01-01')", 0),
        ("ticks('1970-01-01Z00:00:00')", 621_355_968_000_000_000),
        ("ticks('2018-01-01T10:00:00+02:00')", 636_503_904_000_000_000),
        ("ticks('9999-12-31T23:59:59.9999999')", 3_155_378_975_999_999_999_i64),
    ];
    for (expression, number) in cases {
        assert_eq!(run(expression).unwrap(), number, "{expression}");
    }
}

#[test]
fn zones_have_the_ids_of_windows_and_of_iana() {
    check(&[
        ("convertFromUtc('2018-07-01T12:00:00Z', 'W. Europe Standard Time')", Ok("2018-07-01T14:00:00.0000000")),
        ("convertFromUtc('2018-01-01T12:00:00', 'w. europe STANDARD time', 't')", Ok("1:00 PM")),
        ("convertFromUtc('2018-01-01T12:00:00+01:00', 'Europe/Berlin', 't')", Ok("12:00 PM")),
        ("convertFromUtc('2018-01-01T12:00:00Z', 'UTC')", Ok("2018-01-01T12:00:00.0000000Z")),
        ("convertFromUtc('2018-01-01T12:00:00Z', 'US Eastern Standard Time', 'HH:mm')", Ok("07:00")),
        ("convertFromUtc('2018-01-01T12:00:00Z', 'india standard time', 'HH:mm')", Ok("17:30")),
        (
            "convertFromUtc('2018-01-01T12:00:00Z', 'Pacifik Standard Time')",
            Err("no time zone `Pacifik Standard Time`"),
        ),
        ("convertFromUtc('2018-01-01T12:00:00Z', '')", Err("no time zone")),
        ("convertFromUtc('0001-01-01T00:00:00Z', 'America/New_York', 's')", Ok("0001-01-01T00:00:00")),
        ("convertFromUtc('9999-12-31T23:59:59Z', 'Europe/Berlin', 's')", Ok("9999-12-31T23:59:59")),
        ("convertFromUtc('9999-12-31T23:59:59Z', 'America/New_York', 's')", Ok("9999-12-31T18:59:59")),
        ("convertToUtc('9999-12-31T23:59:59', 'America/New_York', 's')", Ok("9999-12-31T23:59:59")),
        ("convertTimeZone('2018-01-01T12:00:00', 'Tokyo Standard Time', 'UTC')", Ok("2018-01-01T03:00:00.0000000Z")),
        ("convertTimeZone('2018-07-01T12:00:00', 'Eastern Standard Time', 'Europe/Berlin', 't')", Ok("6:00 PM")),
        ("convertTimeZone('2018-07-01T12:00:00Z', 'Europe/Berlin', 'UTC')", Err("says its own zone")),
        ("convertToUtc('2018-07-01T12:00:00Z', 'utc')", Ok("2018-07-01T12:00:00.0000000Z")),
    ]);
    let near = run("convertFromUtc('2018-01-01', 'Pacifik Standard Time')").unwrap_err().help.unwrap();
    assert_eq!(near, "did you mean `Pacific Standard Time`?");
}

#[test]
fn an_hour_that_a_clock_shows_twice_is_the_later_and_one_left_out_is_an_error() {
    check(&[
        ("convertToUtc('2024-10-27T02:30:00', 'Europe/Berlin')", Ok("2024-10-27T01:30:00.0000000Z")),
        ("convertToUtc('2024-11-03T01:30:00', 'Eastern Standard Time')", Ok("2024-11-03T06:30:00.0000000Z")),
        ("convertToUtc('2024-03-31T02:30:00', 'Europe/Berlin')", Err("clocks are set forward over it")),
        ("convertToUtc('2024-03-10T02:00:00', 'Eastern Standard Time')", Err("no 2024-03-10T02:00:00")),
        ("convertToUtc('2024-03-31T03:00:00', 'Europe/Berlin')", Ok("2024-03-31T01:00:00.0000000Z")),
        ("convertFromUtc('2024-10-27T00:30:00Z', 'Europe/Berlin', 'HH:mm')", Ok("02:30")),
        ("convertFromUtc('2024-10-27T01:30:00Z', 'Europe/Berlin', 'HH:mm')", Ok("02:30")),
    ]);
}

#[test]
fn lengths_of_time_are_written_as_time_spans() {
    check(&[
        ("dateDifference('2018-07-30', '2015-02-08')", Ok("-1268.00:00:00")),
        ("dateDifference('2018-01-01', '2018-01-01')", Ok("00:00:00")),
        ("dateDifference('2018-01-01T00:00:00Z', '2018-01-01T01:02:03.5+01:00')", Ok("00:02:03.5000000")),
        ("dateDifference('0001-01-01', '9999-12-31T23:59:59.9999999')", Ok("3652058.23:59:59.9999999")),
        ("formatTimeSpan('1.02:03:04', 'c')", Ok("1.02:03:04")),
        ("formatTimeSpan('-26:00', 'c')", Err("cannot be read as a length of time")),
        ("formatTimeSpan('5', 'c')", Ok("5.00:00:00")),
        ("formatTimeSpan('1:02:03:04.5', 'g')", Ok("1:2:03:04.5")),
        ("formatTimeSpan('1:02:03:04.5', 'g', 'de-DE')", Ok("1:2:03:04,5")),
        ("formatTimeSpan('-02:03:04.5', 'G')", Ok("-0:02:03:04.5000000")),
        ("formatTimeSpan('1.02:03:04.12', 'd\\.hh\\:mm\\:ss\\.fff')", Ok("1.02:03:04.120")),
        ("formatTimeSpan('1.02:03:04', '%h')", Ok("2")),
        ("formatTimeSpan('1.02:03:04', 'dddd'' days''')", Ok("0001 days")),
        ("formatTimeSpan('02:03', 'hh:mm')", Err("a character that is no specifier")),
        ("formatTimeSpan('02:03', 'h')", Err("no such standard format")),
        ("formatTimeSpan('02:03', 'hhh')", Err("too often")),
        ("formatTimeSpan('02:03', 'ffffffff')", Err("7 digits")),
        ("formatTimeSpan('24:00', 'c')", Err("cannot be read as a length of time")),
        ("formatTimeSpan('99999999999999999999', 'c')", Err("cannot be read as a length of time")),
        ("formatTimeSpan('', 'c')", Err("cannot be read as a length of time")),
    ]);
}
