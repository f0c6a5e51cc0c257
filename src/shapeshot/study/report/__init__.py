"""A study's report, made of what its runs stored and of nothing else: report.md, report.html and results.json."""

from __future__ import annotations

from pathlib import Path

from shapeshot.files import atomic_write
from shapeshot.study.declaration import Study
from shapeshot.study.gathered import gather
from shapeshot.study.report.page import page_html
from shapeshot.study.report.results import results_json, results_of
from shapeshot.study.report.words import markdown

JSON, MARKDOWN, PAGE = "results.json", "report.md", "report.html"


def write_study_report(study: Study, out: Path) -> str:
    """Write the report's files into a study's folder and return the Markdown.

    Raises UserError where nothing is stored yet, DatasetError for rows that must not be mixed, and ExportError.
    """
    gathered = gather(study, out)
    results = results_of(gathered)
    text = markdown(results, study)
    atomic_write(out / JSON, results_json(results))
    atomic_write(out / MARKDOWN, text)
    atomic_write(out / PAGE, page_html(results, gathered, out))
    return text
