"""The parts pages are put together from. `{% load ui %}`, then:

{{ patient.email|breakable }}                                   an address that may break after its @
{% badge visit.status %} · {% badge "Paused" tone="warn" %}      state as a word with a tone
{% when visit.starts_at zone second=doctor.timezone %}           date, time, zone; the second zone where it differs
{% ago key.last_used_at zone %}                                  "in 12 min" with the exact time as its title
{% copy visit.uid label="uid" %} · {% code text label="…" %}     code (`url`: its page) or a block, to copy
{% tabs list_of_Tab %} · {% chips list_of_Chip %}                presets with counts; filters that are on
{% pager page %}                                                 Newer / Older of a portals.keyset.Page
{% empty "No visits" "They appear here …" %}…{% endempty %}      what to do where nothing is; the block holds buttons
{% chart "No-show rate" points %}                                SVG of portals.charts.Point, with its table as text
{% facts %}{% fact "Doctor" %}…{% endfact %}{% endfacts %}       definition list
{% told recipients %}                                            who will be told (anything with .name, .address …)
{% dialog "id" "Title" %}…{% enddialog %}                        native dialog; <a href="/own-page/" data-dialog="id">
{% card "Title" %}…{% endcard %}                                 a titled section
{% toasts %}                                                     the waiting toasts (the layout draws them)
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info

from common.clock import utc_now, zone
from common.local_time import zone_abbreviation, zone_label
from portals import charts
from portals import toasts as waiting_toasts
from portals.badges import badge_of
from portals.chips import Chip, Tab

register = template.Library()

_STYLES = {
    "long": "%a %-d %b %Y, %H:%M",
    "short": "%-d %b %Y, %H:%M",
    "time": "%H:%M",
    "day": "%a %-d %b, %H:%M",
    "clock": "%H:%M",
}
_IN_LISTS = ("day", "clock")


@register.filter
def breakable(address: str) -> SafeString:
    """In a narrow place an e-mail address breaks after its @ rather than anywhere."""
    return SafeString(escape(address).replace("@", "@<wbr>"))


@register.simple_tag
def badge(state: str, tone: str = "") -> SafeString:
    found = badge_of(state, tone)
    return format_html('<span class="badge {}">{}</span>', found.tone, found.word)


@register.simple_tag
def when(instant: datetime | None, zone_name: str, second: str = "", style: str = "long") -> str:
    """`style`: long (with the weekday), short, time (no date). Blank without an instant.

    day and clock, for lists whose page names the zone: `Tue 1 Dec, 11:40 CET`, `11:40 CET`.
    """
    if instant is None:
        return ""
    local = instant.astimezone(zone(zone_name))
    shown = format_html(
        '<time class="when" datetime="{}"><span class="when-time">{}</span>'
        ' <span class="when-zone">{}</span></time>',
        instant.isoformat(),
        local.strftime(_STYLES[style]),
        zone_abbreviation(local) if style in _IN_LISTS else zone_label(local, zone_name),
    )
    return shown + _elsewhere(instant, local, second)


def _elsewhere(instant: datetime, local: datetime, second: str) -> SafeString:
    """The same instant in the second zone, where its clocks show another time."""
    if not second:
        return SafeString("")
    other = instant.astimezone(zone(second))
    if other.utcoffset() == local.utcoffset():
        return SafeString("")
    pattern = "%H:%M" if other.date() == local.date() else "%a %-d %b, %H:%M"
    return format_html(
        ' <span class="when-second">{} {}</span>',
        other.strftime(pattern),
        zone_label(other, second),
    )


@register.simple_tag
def ago(
    instant: datetime | None, zone_name: str, never: str = "never", *, is_exact: bool = False
) -> str:
    """How far away, to be kept current by static/js/app.js; the exact time is its title.

    `is_exact` counts down by the minute: `in 3 h 12 min`.
    """
    if instant is None:
        return never
    local = instant.astimezone(zone(zone_name))
    return format_html(
        '<time datetime="{}" data-relative="{}" title="{}, {}">{}</time>',
        instant.isoformat(),
        "exact" if is_exact else "",
        local.strftime("%a %-d %b %Y, %H:%M"),
        zone_label(local, zone_name),
        distance(instant, utc_now(), is_exact=is_exact),
    )


def distance(instant: datetime, now: datetime, *, is_exact: bool = False) -> str:
    """E.g. `in 12 min`, `3 h ago`, `2 d ago`, `now`; static/js/app.js says the same.

    `is_exact` gives hours with their minutes.
    """
    seconds = (instant - now).total_seconds()
    size = int(abs(seconds))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if size >= length:
            text = f"{size // length} {unit}"
            if is_exact and unit == "h":
                text += f" {size % length // 60} min"
            return f"in {text}" if seconds > 0 else f"{text} ago"
    return "now"


@register.filter
def language_in_words(code: str) -> str:
    """`German` for `de`; a code nobody has a word for stays as it is."""
    try:
        return str(get_language_info(code)["name_translated"]) if code else ""
    except KeyError:
        return code


@register.inclusion_tag("components/copy.html")
def copy(text: str, label: str = "", url: str = "") -> dict[str, str]:
    return {"text": text, "label": label, "url": url}


@register.inclusion_tag("components/code.html")
def code(text: str, label: str = "code") -> dict[str, str]:
    return {"text": text, "label": label}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Sequence[Tab], label: str = "Views") -> dict[str, Any]:
    return {"items": items, "label": label}


@register.inclusion_tag("components/chips.html", takes_context=True)
def chips(context: Context, items: Sequence[Chip], clear_url: str = "?") -> dict[str, Any]:
    return {"items": items, "clear_url": clear_url}


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: object, target: str = "") -> dict[str, Any]:
    return {"page": page, "target": target, "request": context["request"]}


@register.inclusion_tag("components/chart.html")
def chart(title: str, points: Sequence[charts.Point]) -> dict[str, Any]:
    drawn = charts.dots(points)
    return {
        "title": title,
        "dots": drawn,
        "lines": charts.lines(drawn),
        "base": charts.BASE,
        "has_data": any(point.value for point in points),
    }


@register.inclusion_tag("components/told.html")
def told(recipients: Iterable[object], nobody: str = "Nobody will be told.") -> dict[str, Any]:
    return {"recipients": list(recipients), "nobody": nobody}


@register.inclusion_tag("components/toasts.html", takes_context=True)
def toasts(context: Context) -> dict[str, Any]:
    request = context["request"]
    waiting = list(waiting_toasts.waiting(request))
    return {"toasts": waiting, "csrf_token": context.get("csrf_token")}


@register.simple_block_tag
def empty(content: str, title: str, text: str = "") -> str:
    context = {"content": SafeString(content.strip()), "title": title, "text": text}
    return render_to_string("components/empty.html", context)


@register.simple_block_tag
def dialog(content: str, name: str, title: str) -> str:
    context = {"content": content, "name": name, "title": title}
    return render_to_string("components/dialog.html", context)


@register.simple_block_tag
def card(content: str, title: str = "", level: int = 2) -> str:
    return render_to_string(
        "components/card.html", {"content": content, "title": title, "level": level}
    )


@register.simple_block_tag
def facts(content: str) -> str:
    return format_html('<dl class="facts">{}</dl>', content)


@register.simple_block_tag
def fact(content: str, label: str) -> str:
    """Nothing at all for an empty block: absent facts leave no gap."""
    if not content.strip():
        return mark_safe("")
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, content)
