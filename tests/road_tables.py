"""A made-up network of roads, small enough to see whole: two towns on the A1, and an old road beside it.

    home --2 km-- west ==A1, 10 km== middle ==A1, 10 km== east --1 km-- ash        (A1 at 60, the old road at 30 km/h)
                    \\------- B2 "Old Road", 15 km -------/

From home to ash: 4 minutes to the road at 30 km/h, 20 on the A1, 2 to the hospital; by the old road 30 in place of 20.
birch stands at middle, 0.5 km off: 1 minute. One Way Street leads from east to middle, 6 km at 30 in 12 minutes, and
not back.
"""

from __future__ import annotations

import io

import pandas as pd

TABLES = {
    "road_junctions": "junction,name,easting_m,northing_m\n"
    "east,A1 / B2 East and Quay,22000,0\nmiddle,A1 Middle,12000,0\nwest,A1 / B2 West,2000,0\n",
    "road_links": "from_junction,to_junction,road,name,km,class,one_way\n"
    "east,middle,One Way Street,,6,slow,true\nmiddle,east,A1,Middle Bypass,10,fast,false\n"
    "west,east,B2,Old Road,15,slow,\nwest,middle,A1,,10,fast,false\n",
    "road_speeds": "class,kmh\naccess,30\nfast,60\nslow,30\n",
    "road_access": "end,junction,km\nash,east,1\nbirch,middle,0.5\nhome,west,2\n",
}


def frame(text: str) -> pd.DataFrame:
    """Return a table of the network as it is read."""
    return pd.read_csv(io.StringIO(text), keep_default_na=True)


def frames(**changed: str) -> list[pd.DataFrame]:
    """Return the four tables in the order in which a network takes them."""
    return [frame(text) for text in {**TABLES, **changed}.values()]
