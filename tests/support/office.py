"""The smallest files of the formats that have to be converted, made on the spot."""

from __future__ import annotations

import zipfile
from pathlib import Path

_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def pdf(path: Path, pages: list[str], *, locked: bool = False) -> None:
    """A page for each text (ASCII without brackets); `locked` asks for a password that nobody has."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    tail = ""
    if locked:
        objects.append(f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >>")
        tail = f" /Encrypt {len(objects)} 0 R /ID [<{'01' * 16}> <{'01' * 16}>]"
    data, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n"
    begin = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{at:010} 00000 n \n" for at in places)
    data += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R{tail} >>\nstartxref\n{begin}\n%%EOF\n"
    path.write_bytes(data.encode("ascii"))


def docx(path: Path, heading: str, paragraph: str) -> None:
    """A heading and a paragraph."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = (
        f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{heading}</w:t></w:r></w:p>'
        f"<w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p>"
    )
    style = '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>'
    _package(
        path,
        "word/document.xml",
        f"{_OFFICE}.wordprocessingml.document.main+xml",
        f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
        {"styles": ("word/styles.xml", f'<w:styles xmlns:w="{space}">{style}</w:styles>', "wordprocessingml.styles")},
    )


def xlsx(path: Path, rows: list[list[str | int]]) -> None:
    """One sheet, named Rents."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def cell(value: str | int) -> str:
        if isinstance(value, int):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    _package(
        path,
        "xl/workbook.xml",
        f"{_OFFICE}.spreadsheetml.sheet.main+xml",
        f'<workbook xmlns="{space}" xmlns:r="{_DOCUMENT}"><sheets><sheet name="Rents" sheetId="1" r:id="worksheet"/></sheets>'
        "</workbook>",
        {
            "worksheet": (
                "xl/worksheets/sheet1.xml",
                f'<worksheet xmlns="{space}"><sheetData>{lines}</sheetData></worksheet>',
                "spreadsheetml.worksheet",
            )
        },
    )


def pptx(path: Path, text: str) -> None:
    """One slide with a text."""
    p = "http://schemas.openxmlformats.org/presentationml/2006/main"
    a = "http://schemas.openxmlformats.org/drawingml/2006/main"
    group = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Text"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr>'
        '<a:xfrm><a:off x="0" y="0"/><a:ext cx="100" cy="100"/></a:xfrm></p:spPr>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    _package(
        path,
        "ppt/presentation.xml",
        f"{_OFFICE}.presentationml.presentation.main+xml",
        f'<p:presentation xmlns:p="{p}" xmlns:r="{_DOCUMENT}"><p:sldIdLst><p:sldId id="256" r:id="slide"/></p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>',
        {
            "slide": (
                "ppt/slides/slide1.xml",
                f'<p:sld xmlns:p="{p}" xmlns:a="{a}"><p:cSld><p:spTree>{group}{shape}</p:spTree></p:cSld></p:sld>',
                "presentationml.slide",
            )
        },
    )


def _package(path: Path, main: str, kind: str, body: str, parts: dict[str, tuple[str, str, str]]) -> None:
    """An Office package: its main part, and other parts by relation (path, XML, kind)."""
    folder, _, name = main.rpartition("/")
    overrides = f'<Override PartName="/{main}" ContentType="{kind}"/>'
    relations = ""
    for relation, (place, _, sort) in parts.items():
        overrides += f'<Override PartName="/{place}" ContentType="{_OFFICE}.{sort}+xml"/>'
        target = place.removeprefix(f"{folder}/")
        relations += f'<Relationship Id="{relation}" Type="{_DOCUMENT}/{relation}" Target="{target}"/>'
    top = f'<Relationship Id="main" Type="{_DOCUMENT}/officeDocument" Target="{main}"/>'
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", f'{_HEAD}<Types xmlns="{_TYPES}">{default}{overrides}</Types>')
        file.writestr("_rels/.rels", f'{_HEAD}<Relationships xmlns="{_RELATIONS}">{top}</Relationships>')
        file.writestr(main, _HEAD + body)
        related = f'{_HEAD}<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>'
        file.writestr(f"{folder}/_rels/{name}.rels", related)
        for place, text, _ in parts.values():
            file.writestr(place, _HEAD + text)
