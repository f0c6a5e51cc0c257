"""What procedural objects are made of: solids, materials, legs, backs and fronts, put together by an assembly."""
