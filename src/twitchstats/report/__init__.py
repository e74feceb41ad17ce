"""A journal becomes an executed notebook and one self-contained page; both can be checked again."""

from twitchstats.report.verify import Verified, verify_report
from twitchstats.report.write import Written, write_report

__all__ = ["Verified", "Written", "verify_report", "write_report"]
