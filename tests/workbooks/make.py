# Writes the workbooks of the tests beside itself: python3 -m pip install openpyxl && python3 tests/workbooks/make.py
import datetime
import pathlib
import re
import zipfile

import openpyxl

here = pathlib.Path(__file__).parent


def book(name, sheets):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(here / name)


book(
    "partners.xlsx",
    {
        "Read me": [["Nothing to import here"]],
        "Partners": [
            [],
            ["code", "name", " phone ", "since", "called", "hours", "active", "rate"],
            [1, "Müller & Söhne", 49301234567, datetime.date(2019, 3, 1), datetime.datetime(2026, 1, 31, 9, 30), datetime.timedelta(hours=26, minutes=30), True, 0.1],
            [None, None, None, None, None, None, None, None],
            ["007", "  Blue ", "+49 30 1", None, datetime.time(18, 0), None, False, 12.5],
            [3, "#REF!", None, None, None, None, None, None],
            [4, "Late", None, None, None, None, None, None, "beyond"],
        ],
    },
)
workbook = openpyxl.load_workbook(here / "partners.xlsx")
workbook["Partners"]["B6"].data_type = "e"
workbook.save(here / "partners.xlsx")
book("single.xlsx", {"Only": [["code", "name"], ["A1", "Acme"], ["A2", "Blue"]]})
book("twice.xlsx", {"Only": [["code", "name", "code"], ["A1", "Acme", "A2"]]})
book("empty.xlsx", {"Only": []})

# A sheet that says it is wider than any number can hold.
with zipfile.ZipFile(here / "single.xlsx") as single, zipfile.ZipFile(here / "beyond.xlsx", "w", zipfile.ZIP_DEFLATED) as beyond:
    for name in single.namelist():
        part = single.read(name)
        if name.startswith("xl/worksheets/sheet"):
            part = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="' + b"T" * 80 + b'1:B3"', part)
        beyond.writestr(name, part)
