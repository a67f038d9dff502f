"""What the templates of the sealed set draw from: values, how both languages say them, and which of them fit together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """A value as the catalogue spells it, and its words.

    ``value`` "=" is the word itself, in the request's language. ``measure`` is a thing's measure word; ``en_word`` and
    ``zh_word`` are an amount or a size spelled out; ``own`` is a gender's possessive; the last three are other ways to type
    the Chinese word.
    """

    value: str
    en: str
    zh: str
    many: str = ""
    measure: str = ""
    en_word: str = ""
    zh_word: str = ""
    own: str = ""
    wrong: str = ""
    pinyin: str = ""
    traditional: str = ""


def _table(block: str, *columns: str) -> dict[str, Value]:
    """Rows of cells, by their English word; an empty cell is left out."""
    values = {}
    for row in block.strip().splitlines():
        cells = dict(zip(columns, (cell.strip() for cell in row.split("|")), strict=False))
        values[cells["en"]] = Value(**{name: cell for name, cell in cells.items() if cell})
    return values


_NAMED = ("value", "en", "zh")
_THINGS = _table(
    """
    Clothing/Tops/Shirts | shirt | 衬衫 | shirts | 件 | 衬杉 | chenshan | 襯衫
    Clothing/Tops/T-Shirts | t-shirt | T恤 | t-shirts | 件
    Clothing/Tops/Sweaters | sweater | 毛衣 | sweaters | 件
    Clothing/Tops/Hoodies | hoodie | 卫衣 | hoodies | 件 | | | 衛衣
    Clothing/Outerwear/Jackets | jacket | 夹克 | jackets | 件 | | | 夾克
    Clothing/Outerwear/Coats | coat | 大衣 | coats | 件
    Clothing/Bottoms/Jeans | jeans | 牛仔裤 | jeans | 条 | 牛仔库 | niuzaiku | 牛仔褲
    Clothing/Bottoms/Trousers | trousers | 长裤 | trousers | 条 | 长库 | changku | 長褲
    Clothing/Bottoms/Shorts | shorts | 短裤 | shorts | 条 | 短库 | duanku | 短褲
    Clothing/Bottoms/Skirts | skirt | 半身裙 | skirts | 条
    Clothing/Dresses | dress | 连衣裙 | dresses | 条
    Clothing/Innerwear/Socks | socks | 袜子 | socks | 双
    Footwear/Shoes/Casual Shoes | casual shoes | 休闲鞋 | casual shoes | 双
    Footwear/Shoes/Sports Shoes | sports shoes | 运动鞋 | sports shoes | 双
    Footwear/Shoes/Formal Shoes | formal shoes | 正装鞋 | formal shoes | 双
    Footwear/Shoes/Heels | heels | 高跟鞋 | heels | 双
    Footwear/Sandals | sandals | 凉鞋 | sandals | 双
    Footwear/Boots | boots | 靴子 | boots | 双
    Accessories/Bags/Backpacks | backpack | 双肩包 | backpacks | 个
    Accessories/Bags/Handbags | handbag | 手提包 | handbags | 个
    Accessories/Watches | watch | 手表 | watches | 块
    Accessories/Belts | belt | 皮带 | belts | 条
    Accessories/Sunglasses | sunglasses | 太阳镜 | sunglasses | 副
    Accessories/Jewellery/Earrings | earrings | 耳环 | earrings | 副
    Electronics/Computers | laptop | 笔记本电脑 | laptops
    Electronics/Computers | monitor | 显示器 | monitors
    Electronics/Computers | keyboard | 键盘 | keyboards
    Electronics/Photo | camera | 相机 | cameras
    Electronics/Photo | tripod | 三脚架 | tripods
    Sports & Outdoor/Equipment | tent | 帐篷 | tents
    Sports & Outdoor/Equipment | skateboard | 滑板 | skateboards
    Home & Garden/Furniture | chair | 椅子 | chairs
    Home & Garden/Furniture | sofa | 沙发 | sofas
    Home & Garden/Furniture | desk | 书桌 | desks
    Home & Garden/Furniture | stool | 凳子 | stools
    """,
    *_NAMED,
    "many",
    "measure",
    "wrong",
    "pinyin",
    "traditional",
)
_COLOURS = _table(
    """
    Black | black | 黑色
    White | white | 白色
    Blue | blue | 蓝色
    Navy Blue | navy blue | 藏青色
    Red | red | 红色
    Green | green | 绿色
    Grey | grey | 灰色
    Brown | brown | 棕色
    Pink | pink | 粉色
    Beige | beige | 米色
    Purple | purple | 紫色
    Yellow | yellow | 黄色
    Orange | orange | 橙色
    Burgundy | burgundy | 酒红色
    Olive | olive | 橄榄绿
    Silver | silver | 银色
    Gold | gold | 金色
    """,
    *_NAMED,
)
_PAINTS = _table(
    """
    black | black | 黑色
    white | white | 白色
    gray | grey | 灰色
    brown | brown | 棕色
    pink | pink | 粉色
    blue | blue | 蓝色
    """,
    *_NAMED,
)
_BRANDS = _table(
    """
    Nike | Nike | 耐克
    Adidas | Adidas | 阿迪达斯
    Puma | Puma | 彪马
    Under Armour | Under Armour | 安德玛
    Levi's | Levi's | 李维斯
    Gap | Gap | 盖璞
    Uniqlo | Uniqlo | 优衣库
    United Colors of Benetton | Benetton | 贝纳通
    Casio | Casio | 卡西欧
    Fossil | Fossil | Fossil
    Converse | Converse | 匡威
    Apple | Apple | 苹果
    Samsung | Samsung | 三星
    Corsair | Corsair | 海盗船
    Logitech | Logitech | 罗技
    Sony | Sony | 索尼
    Kodak | Kodak | 柯达
    Polaroid | Polaroid | 宝丽来
    """,
    *_NAMED,
)
_FABRICS = _table(
    """
    Cotton | cotton | 纯棉 | 純棉
    Linen | linen | 亚麻 | 亞麻
    Silk | silk | 真丝 | 真絲
    Polyester | polyester | 涤纶 | 滌綸
    """,
    *_NAMED,
    "traditional",
)
_GENDERS = _table(
    """
    Men | men | 男士 | men's
    Women | women | 女士 | women's
    Girls | girls | 女童 | girls'
    Boys | boys | 男童 | boys'
    """,
    *_NAMED,
    "own",
)
_SIZES = _table(
    """
    S | S | S | small | 小号
    M | M | M | medium | 中号
    L | L | L | large | 大号
    XL | XL | XL | extra large | 加大号
    """,
    *_NAMED,
    "en_word",
    "zh_word",
)
_AMOUNTS = _table(
    """
    100 | 100 | 100 | one hundred | 一百
    150 | 150 | 150 | one hundred and fifty | 一百五
    200 | 200 | 200 | two hundred | 两百
    300 | 300 | 300 | three hundred | 三百
    350 | 350 | 350 | three hundred and fifty | 三百五
    400 | 400 | 400 | four hundred | 四百
    500 | 500 | 500 | five hundred | 五百
    600 | 600 | 600 | six hundred | 六百
    """,
    *_NAMED,
    "en_word",
    "zh_word",
)


def _pick(table: dict[str, Value], names: str) -> list[Value]:
    return [table[name] for name in names.split(", ")]


def _said(block: str) -> list[Value]:
    return list(_table(block, *_NAMED).values())


def _plain(*words: int | str) -> list[Value]:
    return [Value(str(word), str(word), str(word)) for word in words]


GROUPS: dict[str, list[Value]] = {
    "piece": _pick(_THINGS, "sweater, jacket, coat, skirt, dress, backpack, handbag, watch, belt, hoodie"),
    "pairs": _pick(_THINGS, "jeans, trousers, shorts, socks, sandals, boots, sunglasses, earrings, heels"),
    "wear": _pick(_THINGS, "shirt, t-shirt, sweater, hoodie, jacket, coat"),
    "top": _pick(_THINGS, "t-shirt, sweater, hoodie"),
    "shirt": _pick(_THINGS, "shirt, t-shirt"),
    "frock": _pick(_THINGS, "shirt, skirt, dress"),
    "bottom": _pick(_THINGS, "jeans, trousers, shorts"),
    "outer": _pick(_THINGS, "jacket, coat"),
    "sporty": _pick(_THINGS, "t-shirt, hoodie, jacket, shorts, socks, sports shoes, backpack"),
    "shoe": _pick(_THINGS, "boots, sandals, casual shoes, sports shoes, formal shoes"),
    "leathershoe": _pick(_THINGS, "boots, sandals, casual shoes, formal shoes"),
    "smart": _pick(_THINGS, "shirt, trousers, formal shoes"),
    "gym": _pick(_THINGS, "t-shirt, shorts, socks, sports shoes"),
    "glam": _pick(_THINGS, "skirt, dress"),
    "warm": _pick(_THINGS, "coat, jacket, boots, sweater"),
    "carry": _pick(_THINGS, "backpack, handbag"),
    "treat": _pick(_THINGS, "watch, coat, handbag"),
    "acc": _pick(_THINGS, "watch, backpack, belt"),
    "packed": _pick(_THINGS, "shirt, t-shirt"),
    "pocketed": _pick(_THINGS, "jacket, coat, backpack, handbag"),
    "mistyped": _pick(_THINGS, "sweater, hoodie, jacket, backpack"),
    "tradwear": _pick(_THINGS, "shirt, hoodie, jacket"),
    "miswritten": _pick(_THINGS, "shirt, jeans, trousers, shorts"),
    "gadget": _pick(_THINGS, "camera, tripod, monitor, keyboard, tent, skateboard"),
    "pc": _pick(_THINGS, "monitor, keyboard"),
    "furniture": _pick(_THINGS, "chair, sofa, desk, stool"),
    "colour": [value for name, value in _COLOURS.items() if name not in {"silver", "gold"}],
    "long": _pick(_COLOURS, "black, white, green, brown, purple, yellow, orange, burgundy"),
    "shade": _pick(_COLOURS, "black, white, brown, red, beige"),
    "metal": _pick(_COLOURS, "silver, gold"),
    "paint": list(_PAINTS.values()),
    "sportbrand": _pick(_BRANDS, "Nike, Adidas, Puma, Under Armour"),
    "wearbrand": _pick(_BRANDS, "Levi's, Gap, Uniqlo, Benetton"),
    "slipbrand": _pick(_BRANDS, "Uniqlo, Benetton, Adidas"),
    "watchbrand": _pick(_BRANDS, "Casio, Fossil"),
    "footbrand": _pick(_BRANDS, "Nike, Adidas, Converse"),
    "pcbrand": _pick(_BRANDS, "Samsung, Corsair, Logitech"),
    "lapbrand": _pick(_BRANDS, "Apple, Samsung"),
    "photobrand": _pick(_BRANDS, "Sony, Kodak, Polaroid"),
    "fabric": list(_FABRICS.values()),
    "longfabric": _pick(_FABRICS, "cotton, linen, polyester"),
    "gender": list(_GENDERS.values()),
    "adult": _pick(_GENDERS, "men, women"),
    "child": _pick(_GENDERS, "girls, boys"),
    "pattern": _said("Striped | striped | 条纹\nFloral | floral | 碎花\nChecked | checked | 格子"),
    "season": _said("Winter | winter | 冬天\nFall | autumn | 秋天\nSpring | spring | 春天"),
    "mild": _said("Summer | summer | 夏天\nSpring | spring | 春天"),
    "letter": list(_SIZES.values()),
    "number": _plain(38, 39, 40, 41, 42, 43),
    "ram": _plain("8GB", "16GB"),
    "n": _pick(_AMOUNTS, "150, 200, 300, 350, 400, 600"),
    "low": _pick(_AMOUNTS, "100, 150, 200"),
    "high": _pick(_AMOUNTS, "300, 400, 500"),
    "big": _plain(800, 1000, 1500),
    "d": _plain(30, 50, 80, 120),
    "dlow": _plain(20, 30, 45),
    "dhigh": _plain(60, 90, 150),
    "dbig": _plain(500, 700, 900),
    "age": _plain(6, 7, 9),
    "part": _said("= | hood | 毛领\n= | zip | 拉链\n= | lining | 内衬"),
    "formal": _said("= | the office | 上班\n= | a job interview | 求职面试\n= | client meetings | 跟客户开会"),
    "sport": _said("= | the gym | 健身\n= | yoga class | 练瑜伽\n= | tennis practice | 打网球"),
    "party": _said("= | a cocktail party | 鸡尾酒派对\n= | a friend's birthday party | 朋友的生日派对"),
    "trip": _said("= | travelling | 旅行\n= | a long trip | 长途旅行\n= | a holiday abroad | 出国度假"),
    "person": _said("""
    Men | my husband | 老公
    Men | my uncle | 叔叔
    Men | my grandfather | 爷爷
    Women | my wife | 老婆
    Women | my aunt | 姑姑
    Women | my girlfriend | 女朋友
    """),
    "partner": _said(
        "Men | my husband | 老公\nMen | my boyfriend | 男朋友\nWomen | my wife | 老婆\nWomen | my girlfriend | 女朋友"
    ),
    "woman": _said("Women | my wife | 老婆\nWomen | my aunt | 姑姑\nWomen | my girlfriend | 女朋友"),
    "kid": _said("Boys | son | 儿子\nBoys | nephew | 侄子\nGirls | daughter | 女儿\nGirls | niece | 侄女"),
    "hobby": _said("""
    Electronics/Photo | photography | 摄影
    Home & Garden/Plants | gardening | 园艺
    Electronics/Computers | gaming | 打游戏
    Sports & Outdoor/Equipment | boxing | 拳击
    """),
    "city": _said("= | toronto | 多伦多\n= | madrid | 马德里"),
}
