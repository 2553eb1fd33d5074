//! The standard formats of common locales, as .NET has them from the Unicode locale data.
//!
//! Only what differs is here: `f`, `F`, `g` and `G` are made of these.

/// How a locale writes dates and times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patterns {
    /// The locale's name, such as `de-DE`.
    pub(super) locale: &'static str,
    /// `d`.
    pub(super) short_date: &'static str,
    /// `D`.
    pub(super) long_date: &'static str,
    /// `m`.
    pub(super) month_day: &'static str,
    /// `y`.
    pub(super) year_month: &'static str,
    /// `t`.
    pub(super) short_time: &'static str,
    /// `T`.
    pub(super) long_time: &'static str,
    /// Before noon, and after.
    pub(super) halves: [&'static str; 2],
}

/// The locales; of a language named alone, the first.
pub(super) const ALL: &[Patterns] = &[
    row("en-US", ["M/d/yyyy", "dddd, MMMM d, yyyy", "MMMM d", "MMMM yyyy"], ["h:mm tt", "h:mm:ss tt"], ["AM", "PM"]),
    row("en-GB", ["dd/MM/yyyy", "dddd, d MMMM yyyy", "d MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["am", "pm"]),
    row("de-DE", ["dd.MM.yyyy", "dddd, d. MMMM yyyy", "d. MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["AM", "PM"]),
    row("fr-FR", ["dd/MM/yyyy", "dddd d MMMM yyyy", "d MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["AM", "PM"]),
    row(
        "es-ES",
        ["d/M/yyyy", "dddd, d 'de' MMMM 'de' yyyy", "d 'de' MMMM", "MMMM 'de' yyyy"],
        ["H:mm", "H:mm:ss"],
        ["a.\u{a0}m.", "p.\u{a0}m."],
    ),
    row("it-IT", ["dd/MM/yyyy", "dddd d MMMM yyyy", "d MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["AM", "PM"]),
    row("nl-NL", ["dd-MM-yyyy", "dddd d MMMM yyyy", "d MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["a.m.", "p.m."]),
    row(
        "pt-BR",
        ["dd/MM/yyyy", "dddd, d 'de' MMMM 'de' yyyy", "d 'de' MMMM", "MMMM 'de' yyyy"],
        ["HH:mm", "HH:mm:ss"],
        ["AM", "PM"],
    ),
    row(
        "pt-PT",
        ["dd/MM/yyyy", "dddd, d 'de' MMMM 'de' yyyy", "d 'de' MMMM", "MMMM 'de' yyyy"],
        ["HH:mm", "HH:mm:ss"],
        ["da manhã", "da tarde"],
    ),
    row("pl-PL", ["d.MM.yyyy", "dddd, d MMMM yyyy", "d MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["AM", "PM"]),
    row("sv-SE", ["yyyy-MM-dd", "dddd d MMMM yyyy", "d MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["fm", "em"]),
    row(
        "da-DK",
        ["dd.MM.yyyy", "dddd 'den' d. MMMM yyyy", "d. MMMM", "MMMM yyyy"],
        ["HH.mm", "HH.mm.ss"],
        ["AM", "PM"],
    ),
    row("nb-NO", ["dd.MM.yyyy", "dddd d. MMMM yyyy", "d. MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["a.m.", "p.m."]),
    row("fi-FI", ["d.M.yyyy", "dddd d. MMMM yyyy", "d. MMMM", "MMMM yyyy"], ["H.mm", "H.mm.ss"], ["ap.", "ip."]),
    row("cs-CZ", ["dd.MM.yyyy", "dddd d. MMMM yyyy", "d. MMMM", "MMMM yyyy"], ["H:mm", "H:mm:ss"], ["dop.", "odp."]),
    row("ja-JP", ["yyyy/MM/dd", "yyyy年M月d日dddd", "M月d日", "yyyy年M月"], ["H:mm", "H:mm:ss"], ["午前", "午後"]),
    row("zh-CN", ["yyyy/M/d", "yyyy年M月d日dddd", "M月d日", "yyyy年M月"], ["HH:mm", "HH:mm:ss"], ["上午", "下午"]),
    row(
        "ko-KR",
        ["yyyy. M. d.", "yyyy년 M월 d일 dddd", "M월 d일", "yyyy년 M월"],
        ["tt h:mm", "tt h:mm:ss"],
        ["오전", "오후"],
    ),
    row("tr-TR", ["d.MM.yyyy", "d MMMM yyyy dddd", "d MMMM", "MMMM yyyy"], ["HH:mm", "HH:mm:ss"], ["ÖÖ", "ÖS"]),
    row(
        "ru-RU",
        ["dd.MM.yyyy", "dddd, d MMMM yyyy 'г'.", "d MMMM", "MMMM yyyy 'г'."],
        ["HH:mm", "HH:mm:ss"],
        ["AM", "PM"],
    ),
];

const fn row(
    locale: &'static str,
    [short_date, long_date, month_day, year_month]: [&'static str; 4],
    [short_time, long_time]: [&'static str; 2],
    halves: [&'static str; 2],
) -> Patterns {
    Patterns { locale, short_date, long_date, month_day, year_month, short_time, long_time, halves }
}
