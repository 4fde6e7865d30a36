"""Where things stand on the screen: the style sheet. Colours of drawn lines come from the theme, not from here."""

from __future__ import annotations

CSS = """
Screen { layout: vertical; background: $background; color: $foreground; overflow: hidden; scrollbar-size: 0 0; }
Header { height: 2; }
#body { height: 1fr; overflow: hidden; }
Prompt { height: 1; layout: horizontal; }
Prompt.stacked { layout: vertical; }
Footer { height: 1; }
#label { width: 1fr; height: 1; }
#line { width: 1fr; height: 1; border: none; padding: 0; background: $background; color: $foreground; }
View { height: 1fr; overflow: hidden; }
Lines { height: 1fr; }
.detail { height: 7; }
.card { height: 9; }
.facts { height: 3; }
#ov-events { height: 4fr; }
#lower { height: 6fr; layout: vertical; }
#lower Lines { height: 1fr; width: 1fr; }
#lower.abreast { height: 2fr; layout: horizontal; }
#lower.abreast #ov-alerts { margin-right: 1; width: 5fr; }
#lower.abreast #ov-encryption { margin-right: 1; width: 5fr; }
#lower.abreast #ov-integrity { width: 4fr; }
OverviewView.cramped #ov-encryption { display: none; }
OverviewView.cramped #ov-integrity { display: none; }
OverviewView.cramped #lower { height: 4fr; }
#editor { height: 7; max-height: 40%; border: none; padding: 0 1; background: $surface; color: $foreground; scrollbar-size: 1 1; }
#sql-facts { height: 1; }
#sql-export { height: 1; }
SearchIcon { display: none; }
"""
