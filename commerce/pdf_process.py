"""Makes one PDF and ends. Started by `commerce.pdf` as a process of its own, with limits; Django is not loaded here.

It reads a job as JSON from standard input and writes the file to standard output. It can open nothing but what the
job brings: no network, no disk, no secrets in its environment. What goes wrong in it goes wrong in it alone.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import resource
import sys
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree

NO_LIBRARIES = 3
"""Exit status where Pango or HarfBuzz is not installed."""

BASE = "job:///"
"""Base address of the job's own files. Nothing else can be fetched."""

TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2"}

XMP = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
  xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
 <rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
  <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
  <fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>
  <fx:DocumentType>INVOICE</fx:DocumentType>
  <fx:Version>1.0</fx:Version>
 </rdf:Description>
 <rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
 <rdf:Description rdf:about=""><pdfaExtension:schemas><rdf:Bag>
  <rdf:li rdf:parseType="Resource">
   <pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
   <pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
   <pdfaSchema:prefix>fx</pdfaSchema:prefix>
   <pdfaSchema:property><rdf:Seq>{fx}</rdf:Seq></pdfaSchema:property>
  </rdf:li>
  <rdf:li rdf:parseType="Resource">
   <pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
   <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
   <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
   <pdfaSchema:property><rdf:Seq>{ua}</rdf:Seq></pdfaSchema:property>
  </rdf:li>
 </rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF>"""
"""What the file says of itself beyond WeasyPrint's words: Factur-X and PDF/UA, with the schemas that PDF/A wants."""

PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>
<pdfaProperty:valueType>{kind}</pdfaProperty:valueType><pdfaProperty:category>{category}</pdfaProperty:category>
<pdfaProperty:description>{text}</pdfaProperty:description></rdf:li>"""

FACTUR_X = {
    "DocumentFileName": "The name of the embedded XML document",
    "DocumentType": "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER",
    "Version": "The actual version of the standard applying to the embedded XML document",
    "ConformanceLevel": "The conformance level of the embedded XML document",
}


def limit(memory: int, seconds: int) -> None:
    """So much memory and processor time for this process, and no core file."""
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # macOS knows no limit of memory
            continue


def fetcher_of(files: dict[str, str]) -> Any:
    """Gives WeasyPrint the files of the job and nothing from the network or the disk."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class JobFetcher(URLFetcher):
        """Fetches `job:///…` from the job; refuses every other address."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            name = url.removeprefix(BASE)
            kind = TYPES.get(PurePosixPath(name).suffix)
            if name == url or name not in files or not kind:
                raise ValueError(f"Not a file of the job: {url}")
            return URLFetcherResponse(url, body=base64.b64decode(files[name]), headers={"Content-Type": kind})

    return JobFetcher(allowed_protocols=(), allow_redirects=False)


def with_our_words(said: Callable[..., bytes]) -> Callable[..., bytes]:
    """WeasyPrint's metadata with ours in the same RDF element: XMP has one."""
    entries = [
        PROPERTY.format(name=name, kind="Text", category="external", text=text) for name, text in FACTUR_X.items()
    ]
    part = PROPERTY.format(name="part", kind="Integer", category="internal", text="Part of ISO 14289")
    ours = ElementTree.fromstring(XMP.format(fx="".join(entries), ua=part))  # noqa: S314  # our own text

    def generate(*args: Any) -> bytes:
        rdf = ElementTree.fromstring(said(*args))  # noqa: S314  # made a line before
        rdf.extend(ours)
        return ElementTree.tostring(rdf, encoding="utf-8")

    return generate


def make(job: dict[str, Any]) -> bytes:
    """The PDF of a job: tagged, PDF/A-3a and PDF/UA-1, with the XML inside."""
    import pydyf
    from weasyprint import HTML, Attachment

    at = dt.datetime.fromisoformat(job["at"])
    options: dict[str, Any] = {"pdf_variant": "pdf/a-3a", "pdf_identifier": bytes.fromhex(job["identifier"])}
    page = HTML(string=job["html"], base_url=BASE, url_fetcher=fetcher_of(job["files"]))
    document = page.render(**options)
    document.metadata.generate_rdf_metadata = with_our_words(document.metadata.generate_rdf_metadata)
    xml = Attachment(
        string=job["xml"],
        name="factur-x.xml",
        description="Factur-X",
        created=at,
        modified=at,
        relationship="Alternative",
    )

    def finish(_document: Any, pdf: Any) -> None:
        pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))  # WeasyPrint names the file twice

    return bytes(document.write_pdf(finisher=finish, attachments=[xml], **options))


def main() -> int:
    """Read a job, write a file."""
    job = json.load(sys.stdin)
    limit(job["memory"], job["seconds"])
    try:
        file = make(job)
    except OSError as error:  # a library that is not there
        sys.stderr.write(str(error))
        return NO_LIBRARIES
    sys.stdout.buffer.write(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
