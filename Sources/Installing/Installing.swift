// Installing
